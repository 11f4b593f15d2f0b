import { defineWords } from "../../i18n/words";
import { tasksWords } from "../tasks/words";

export const failuresWords = defineWords(
  {
    es: {
      "failing.codes": "Errores más frecuentes",
      "failing.recent": "Últimos fallos",
      "failing.none": "Ningún fallo.",
      "failing.looked":
        "{count|Del último fallo|De los últimos fallos} ({count}); se miran 250 tareas fallidas o canceladas como mucho.",
      "failing.code": "Código",
      "failing.count": "Veces",
      "failing.share": "Parte",
      "failing.message": "El último dice",

      "failures.title": "Fallos",
      "failures.caption": "Fallos sin descartar, agrupados por error, los más frecuentes primero",
      "failures.summary":
        "Fallos por atender: {failures}, agrupados por tarea, código y mensaje: {groups}. Un # está por un número o un id.",
      "failures.count": "Fallos",
      "failures.when": "Del primero al último",
      "failures.next": "Qué hacer",
      "failures.see": "Ver las tareas",
      "failures.retryAll": "Reintentar todas",
      "failures.discardAll": "Descartar todas",
      "failures.example": "Ejemplo: {id}",
      "failures.all": "Ver todas las fallidas",
      "failures.noneTitle": "Ningún fallo por atender",
      "failures.none": "No hay fallos sin descartar con estos filtros. No hay nada que hacer.",
      "failures.noneYet":
        "No hay ninguno entre las 1.000 últimas tareas fallidas o canceladas. Puede haberlos antes.",
      "failures.most": "Se muestran los {groups} grupos más frecuentes.",
      "failures.looked": "Se han mirado 1.000 tareas fallidas o canceladas; hay más, anteriores.",
      "failures.earlier": "Mirar las anteriores",

      "deadLetters.caption": "Mensajes que nadie ejecutará, del más reciente al más antiguo",
      "deadLetters.why": "Qué pasó",
      "deadLetters.body": "Cuerpo",
      "deadLetters.givenUp":
        "La cola dejó de entregar el mensaje de esta tarea. Reintentar envía otro.",
      "deadLetters.givenUpStranger":
        "La cola dejó de entregarlo y no nombra ninguna tarea conocida: descártalo.",
      "deadLetters.stranger":
        "No es de este sistema: alguien ajeno escribió en la cola. Averigua quién y descártalo.",
      "deadLetters.seeDiscarded": "Ver los descartados",
      "deadLetters.seeOpen": "Ver los que esperan",
      "deadLetters.noneTitle": "Ningún mensaje muerto",
      "deadLetters.none": "Todos los mensajes han llegado a su tarea. No hay nada que hacer.",
      "deadLetters.noneDiscarded": "No se ha descartado ninguno.",
    },
    en: {
      "failing.codes": "Most frequent errors",
      "failing.recent": "Latest failures",
      "failing.none": "No failure.",
      "failing.looked":
        "Of the latest {count|failure|failures} ({count}); 250 failed or cancelled tasks are looked at, at most.",
      "failing.code": "Code",
      "failing.count": "Times",
      "failing.share": "Share",
      "failing.message": "The latest says",

      "failures.title": "Failures",
      "failures.caption": "Failures not discarded, grouped by error, the most frequent first",
      "failures.summary":
        "Failures to deal with: {failures}, grouped by task, code and message: {groups}. A # stands for a number or an id.",
      "failures.count": "Failures",
      "failures.when": "From first to last",
      "failures.next": "What to do",
      "failures.see": "See the tasks",
      "failures.retryAll": "Retry all",
      "failures.discardAll": "Discard all",
      "failures.example": "Example: {id}",
      "failures.all": "See all that failed",
      "failures.noneTitle": "No failure to deal with",
      "failures.none":
        "With these filters every failure is discarded, or there is none. Nothing to do.",
      "failures.noneYet":
        "There is none among the latest 1,000 failed or cancelled tasks. There may be earlier ones.",
      "failures.most": "The {groups} most frequent groups are shown.",
      "failures.looked":
        "1,000 failed or cancelled tasks were looked at; there are more before them.",
      "failures.earlier": "Look at earlier ones",

      "deadLetters.caption": "Messages nobody will run, newest first",
      "deadLetters.why": "What happened",
      "deadLetters.body": "Body",
      "deadLetters.givenUp":
        "The queue stopped delivering the message of this task. A retry sends another.",
      "deadLetters.givenUpStranger":
        "The queue stopped delivering it, and it names no task we know: discard it.",
      "deadLetters.stranger":
        "It is not this system's: somebody else wrote to the queue. Find out who, and discard it.",
      "deadLetters.seeDiscarded": "See the discarded ones",
      "deadLetters.seeOpen": "See those that wait",
      "deadLetters.noneTitle": "No dead letter",
      "deadLetters.none": "Every message reached its task. Nothing to do.",
      "deadLetters.noneDiscarded": "None has been discarded.",
    },
  },
  tasksWords,
);
