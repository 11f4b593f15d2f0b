/** Failures and what people do about them, notifications, and the looks of the task history. */
export const repairEs = {
  "repair.tabs": "Fallos por atender",
  "repair.discarded": "Descartadas",
  "repair.yes": "Sí",
  "repair.no": "No",
  "repair.badDiscarded": "Tiene que ser sí o no.",
  "repair.code": "Código de error",
  "repair.message": "Mensaje de error",
  "repair.isDiscarded": "Descartada",
  "repair.discard": "Descartar",
  "repair.discardTitle": "Descartar este fallo",
  "repair.discardMeans":
    "La tarea sigue siendo un fallo, con tu motivo en su historial, y deja de aparecer entre los fallos por atender. Lo que pedía no se hace. Más adelante se puede reintentar.",
  "repair.discardedNow": "El fallo está descartado.",
  "repair.alreadyDiscarded": "Ya no se puede: alguien lo ha descartado antes.",
  "repair.template": "Plantilla",
  "repair.look": "Columnas y densidad",
  "repair.columns": "Columnas",
  "repair.density": "Densidad",
  "repair.normal": "Normal",
  "repair.dense": "Compacta",
  "repair.keepLook": "Guardar",
  "repair.resetLook": "Como al principio",
  "event.discarded": "Descartada por una persona",

  "repair.advice.sender":
    "Lo enviado está mal. Reintentar no lo arregla: edítalo y reenvíalo, o avisa a quien lo envió y descártalo.",
  "repair.advice.sku":
    "El catálogo no tiene ese producto. Si falta en el catálogo, dalo de alta y reintenta; si el SKU está mal escrito, edita el pedido y reenvíalo.",
  "repair.advice.catalogue":
    "El catálogo no dio una respuesta válida. No es culpa del pedido: reintenta cuando el catálogo responda bien por sus productos.",
  "repair.advice.duplicate":
    "Otro pedido con este id ya está guardado. Si es el mismo, descarta este; si es otro, reenvíalo con un id nuevo.",
  "repair.advice.ours":
    "Falló el programa, no lo enviado. Mira el registro, corrige la causa y reintenta.",
  "repair.advice.unknownTask":
    "Esta versión no conoce la tarea. Despliega la que la define y reintenta, o descártala.",
  "repair.advice.deadLetter":
    "La cola dejó de entregar su mensaje tras muchos intentos. Suele bastar con reintentar; si vuelve, mira el registro.",
  "repair.advice.stranger":
    "Alguien ajeno a este sistema escribió en la cola. No hay nada que ejecutar: averigua quién fue y descártalo.",
  "repair.advice.lost":
    "El programa externo que hacía este trabajo dejó de informar. Comprueba allí cómo acabó.",

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

  "bulk.title": "Acción en bloque",
  "bulk.pick": "Marcar la tarea {id}",
  "bulk.do": "Acción",
  "bulk.retry": "Reintentar",
  "bulk.cancel": "Cancelar",
  "bulk.discard": "Descartar",
  "bulk.toPicked": "A las marcadas",
  "bulk.toMatching": "A todas las del filtro ({count})",
  "bulk.markPage": "Marcar esta página",
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
  "bulk.discardNone": "Ninguna se puede descartar: solo las fallidas que no estén ya descartadas.",
  "bulk.discardMeans":
    "Siguen siendo fallos, con tu motivo en su historial, y dejan de aparecer entre los fallos por atender. Lo que pedían no se hace.",
  "bulk.noUndo": "No se puede deshacer.",
  "bulk.isTask":
    "Lo hace una tarea aparte, que enseña cuántas lleva y se puede cancelar a medias. No toca lo que se acepte después.",
  "bulk.nonePicked": "No hay ninguna marcada. Vuelve a la lista y marca alguna.",
  "bulk.picked": "Marcadas a mano: {count}.",
  "bulk.pickedName": "Marcadas a mano",
  "bulk.left": "Su estado no lo permite en otras {count}: se quedan como están.",
  "bulk.capped":
    "Se han contado {count} y puede haber más: la acción llega a todas las que coincidan.",
  "bulk.noFilter": "Sin filtro: todas las tareas.",
  "bulk.begun": "La acción está en marcha. Esta página cuenta cómo va.",
  "bulk.matched": "Encontradas",
  "bulk.done": "Hechas",
  "bulk.someLeft": "En {count} no se hizo: su estado no lo permitía, o cambió mientras tanto.",

  "replay.title": "Editar y reenviar",
  "replay.button": "Editar y reenviar",
  "replay.what":
    "Lo que envíes será una tarea nueva, con su propio id, que recuerda de cuál viene. La original no cambia.",
  "replay.discards": "El fallo original queda descartado en su favor.",
  "replay.input": "Entrada (JSON)",
  "replay.send": "Comprobar y enviar",
  "replay.anyway": "Enviar de todos modos",
  "replay.syntax": "No es JSON: línea {line}, columna {column}, sobra {found} o falta algo antes.",
  "replay.ends": "No es JSON: se acaba en la línea {line}, columna {column}, sin cerrarse.",
  "replay.refused": "Esta tarea no lo admite:",
  "replay.warning": "Fallaría en la primera etapa:",
  "replay.sent": "La copia editada está en marcha: es esta tarea.",
  "replay.of": "Copia editada de",
  "replay.as": "En su lugar se envió una copia editada:",

  "deadLetters.title": "Mensajes muertos",
  "deadLetters.caption": "Mensajes que nadie ejecutará, del más reciente al más antiguo",
  "deadLetters.what":
    "Mensajes que no son de ninguna tarea de este sistema. Aquí no se pierde ninguno: cada uno es una tarea fallida con su cuerpo.",
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

  "bell.unread": "sin leer",
  "bell.unreadTitle": "Sin leer ({count})",
  "bell.readTitle": "Leídos",
  "bell.readAll": "Marcar todos como leídos",
  "bell.read": "Marcar como leído",
  "bell.more": "Se muestran los {count} últimos; al marcarlos aparecen los demás.",
  "bell.folded": "{count} veces",
  "bell.info": "Iniciada",
  "bell.success": "Exitosa",
  "bell.warning": "Aviso",
  "bell.error": "Fallida",
  "bell.progress": "En progreso",
  "bell.noneTitle": "Ningún aviso",
  "bell.none":
    "Aquí se te avisa de las tareas que inicias, si su plantilla o su definición lo piden.",
};

export const repairEn: Record<keyof typeof repairEs, string> = {
  "repair.tabs": "Failures to deal with",
  "repair.discarded": "Discarded",
  "repair.yes": "Yes",
  "repair.no": "No",
  "repair.badDiscarded": "Must be yes or no.",
  "repair.code": "Error code",
  "repair.message": "Error message",
  "repair.isDiscarded": "Discarded",
  "repair.discard": "Discard",
  "repair.discardTitle": "Discard this failure",
  "repair.discardMeans":
    "The task stays a failure, with your reason in its history, and is no longer among the failures to deal with. What it asked for is not done. It can be retried later.",
  "repair.discardedNow": "The failure is discarded.",
  "repair.alreadyDiscarded": "No longer possible: somebody discarded it first.",
  "repair.template": "Template",
  "repair.look": "Columns and density",
  "repair.columns": "Columns",
  "repair.density": "Density",
  "repair.normal": "Normal",
  "repair.dense": "Compact",
  "repair.keepLook": "Save",
  "repair.resetLook": "As at first",
  "event.discarded": "Discarded by a person",

  "repair.advice.sender":
    "What was sent is wrong. Retrying does not help: edit and resend it, or tell its sender and discard it.",
  "repair.advice.sku":
    "The catalogue has no such product. If the catalogue lacks it, add it and retry; if the SKU is misspelt, edit the order and resend it.",
  "repair.advice.catalogue":
    "The catalogue gave no usable answer. The order is not to blame: retry once the catalogue answers for its products.",
  "repair.advice.duplicate":
    "Another order with this id is stored already. If it is the same, discard this one; if not, resend it with a new id.",
  "repair.advice.ours":
    "The program failed, not what was sent. Look at the log, mend the cause and retry.",
  "repair.advice.unknownTask":
    "This version does not know the task. Deploy the one that defines it and retry, or discard it.",
  "repair.advice.deadLetter":
    "The queue stopped delivering its message after many tries. A retry usually does; if it comes back, look at the log.",
  "repair.advice.stranger":
    "Somebody outside this system wrote to the queue. There is nothing to run: find out who, and discard it.",
  "repair.advice.lost":
    "The program elsewhere that did this work stopped reporting. Look there how it ended.",

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
  "failures.looked": "1,000 failed or cancelled tasks were looked at; there are more before them.",
  "failures.earlier": "Look at earlier ones",

  "bulk.title": "Bulk action",
  "bulk.pick": "Pick task {id}",
  "bulk.do": "Action",
  "bulk.retry": "Retry",
  "bulk.cancel": "Cancel",
  "bulk.discard": "Discard",
  "bulk.toPicked": "To those picked",
  "bulk.toMatching": "To all of the filter ({count})",
  "bulk.markPage": "Pick this page",
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
  "bulk.pickedName": "Picked by hand",
  "bulk.left": "The state of another {count} does not allow it: they stay as they are.",
  "bulk.capped": "{count} were counted and there may be more: it is done to all that match.",
  "bulk.noFilter": "No filter: all tasks.",
  "bulk.begun": "The action has begun. This page tells how far it is.",
  "bulk.matched": "Found",
  "bulk.done": "Done",
  "bulk.someLeft": "Not done to {count}: their state did not allow it, or changed meanwhile.",

  "replay.title": "Edit and resend",
  "replay.button": "Edit and resend",
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
  "replay.sent": "The edited copy is on its way: it is this task.",
  "replay.of": "Edited copy of",
  "replay.as": "An edited copy was sent in its place:",

  "deadLetters.title": "Dead letters",
  "deadLetters.caption": "Messages nobody will run, newest first",
  "deadLetters.what":
    "Messages that are of no task of this system. None is lost: each is a failed task with its body.",
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

  "bell.unread": "unread",
  "bell.unreadTitle": "Unread ({count})",
  "bell.readTitle": "Read",
  "bell.readAll": "Mark all as read",
  "bell.read": "Mark as read",
  "bell.more": "The latest {count} are shown; the others show once these are marked.",
  "bell.folded": "{count} times",
  "bell.info": "Started",
  "bell.success": "Succeeded",
  "bell.warning": "Warning",
  "bell.error": "Failed",
  "bell.progress": "In progress",
  "bell.noneTitle": "No notification",
  "bell.none":
    "Here you are told of tasks you start, where their template or definition asks for it.",
};
