import { defineWords } from "../../i18n/words";
import { tasksWords } from "../tasks/words";

export const replayWords = defineWords(
  {
    es: {
      "replay.title": "Editar y reenviar",
      "replay.what":
        "Lo que envíes será una tarea nueva, con su propio id, que recuerda de cuál viene. La original no cambia.",
      "replay.discards": "El fallo original queda descartado en su favor.",
      "replay.input": "Entrada (JSON)",
      "replay.send": "Comprobar y enviar",
      "replay.anyway": "Enviar de todos modos",
      "replay.syntax":
        "No es JSON: línea {line}, columna {column}, sobra {found} o falta algo antes.",
      "replay.ends": "No es JSON: se acaba en la línea {line}, columna {column}, sin cerrarse.",
      "replay.refused": "Esta tarea no lo admite:",
      "replay.warning": "Fallaría en la primera etapa:",
    },
    en: {
      "replay.title": "Edit and resend",
      "replay.what":
        "What you send becomes a new task with an id of its own, which remembers where it comes from. The original does not change.",
      "replay.discards": "The original failure is discarded in its favour.",
      "replay.input": "Input (JSON)",
      "replay.send": "Check and send",
      "replay.anyway": "Send anyway",
      "replay.syntax":
        "Not JSON: line {line}, column {column}, {found} does not belong there, or something is missing before it.",
      "replay.ends": "Not JSON: it ends at line {line}, column {column}, and is not closed.",
      "replay.refused": "This task does not take it:",
      "replay.warning": "It would fail in the first stage:",
    },
  },
  tasksWords,
);
