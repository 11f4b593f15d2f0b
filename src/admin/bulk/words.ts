import { defineWords, type KeyOf } from "../../i18n/words";
import { tasksWords } from "../tasks/words";

export const bulkWords = defineWords(
  {
    es: {
      "bulk.retryOne": "Reintentar 1 tarea",
      "bulk.retryMany": "Reintentar {count} {count|tarea|tareas}",
      "bulk.retryNone":
        "Ninguna se puede reintentar: solo las fallidas o canceladas que nadie ha descartado y que este sistema sabe ejecutar.",
      "bulk.retryMeans":
        "Vuelven a la cola con todos sus intentos y conservan su id y su historial. Si la causa sigue ahí, volverán a fallar. Las descartadas no se tocan, salvo que el filtro las pida.",
      "bulk.cancelOne": "Cancelar 1 tarea",
      "bulk.cancelMany": "Cancelar {count} {count|tarea|tareas}",
      "bulk.cancelNone": "Ninguna se puede cancelar: ya han terminado todas.",
      "bulk.cancelMeans":
        "Terminan como Canceladas y no guardan nada; las que se están ejecutando paran en unos seis segundos. Los pedidos cancelados no se procesan.",
      "bulk.discardOne": "Descartar 1 fallo",
      "bulk.discardMany": "Descartar {count} {count|fallo|fallos}",
      "bulk.discardNone":
        "Ninguna se puede descartar: solo las fallidas que no estén ya descartadas.",
      "bulk.discardMeans":
        "Siguen siendo fallos, con tu motivo en su historial, y dejan de aparecer entre los fallos por atender. Lo que pedían no se hace.",
      "bulk.noUndo": "No se puede deshacer.",
      "bulk.isTask":
        "Lo hace una tarea aparte, que enseña cuántas lleva y se puede cancelar a medias. No toca lo que se acepte después.",
      "bulk.nonePicked": "No hay ninguna marcada. Vuelve a la lista y marca alguna.",
      "bulk.picked": "Marcadas a mano: {count}.",
      "bulk.left": "Su estado no lo permite en otras {count}: se quedan como están.",
      "bulk.capped":
        "Se han contado {count} y puede haber más: la acción llega a todas las que coincidan.",
      "bulk.noFilter": "Sin filtro: todas las tareas.",
    },
    en: {
      "bulk.retryOne": "Retry 1 task",
      "bulk.retryMany": "Retry {count} {count|task|tasks}",
      "bulk.retryNone":
        "None can be retried: only failed or cancelled ones that nobody discarded and that this system knows how to run.",
      "bulk.retryMeans":
        "They go back to the queue with all their attempts, and keep their ids and history. If the cause is still there they will fail again. Discarded ones are left alone, unless the filter asks for them.",
      "bulk.cancelOne": "Cancel 1 task",
      "bulk.cancelMany": "Cancel {count} {count|task|tasks}",
      "bulk.cancelNone": "None can be cancelled: all have ended.",
      "bulk.cancelMeans":
        "They end as Cancelled and store nothing; running ones stop within about six seconds. Cancelled orders are not processed.",
      "bulk.discardOne": "Discard 1 failure",
      "bulk.discardMany": "Discard {count} {count|failure|failures}",
      "bulk.discardNone": "None can be discarded: only failed ones that are not discarded yet.",
      "bulk.discardMeans":
        "They stay failures, with your reason in their history, and are no longer among the failures to deal with. What they asked for is not done.",
      "bulk.noUndo": "There is no undo.",
      "bulk.isTask":
        "A task of its own does it, shows how many are done, and can be cancelled half way. It leaves alone what is accepted later.",
      "bulk.nonePicked": "None is picked. Go back to the list and pick some.",
      "bulk.picked": "Picked by hand: {count}.",
      "bulk.left": "The state of another {count} does not allow it: they stay as they are.",
      "bulk.capped": "{count} were counted and there may be more: it is done to all that match.",
      "bulk.noFilter": "No filter: all tasks.",
    },
  },
  tasksWords,
);

export type BulkKey = KeyOf<typeof bulkWords>;
