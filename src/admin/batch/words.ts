import { defineWords } from "../../i18n/words";
import { tasksWords } from "../tasks/words";

export const batchWords = defineWords(
  {
    es: {
      "stageState.failed": "fallida",
      "stageState.open": "pendiente",
      "stageState.skipped": "no alcanzada",

      "batch.title": "Lote de pedidos",
      "batch.progress": "{ended} de {total} terminados",
      "batch.progressOfFirst": "{ended} de los primeros {total} terminados",
      "batch.outcomes": "{success} con éxito, {failure} con fallo",
      "batch.revoked": "{revoked} cancelados",
      "batch.ended": "El lote ha terminado.",
      "batch.endedOfFirst": "Los primeros han terminado; las tareas del lote dicen del resto.",
      "batch.open": "Se actualiza solo mientras quedan pedidos.",
      "batch.id": "Lote",
      "batch.order": "Pedido",
      "batch.noOrder": "sin identificador",
      "batch.state": "Estado",
      "batch.stages": "Etapas",
      "batch.total": "Total",
      "batch.another": "Iniciar otro lote",
      "batch.seeTasks": "Ver las tareas del lote",
    },
    en: {
      "stageState.failed": "failed",
      "stageState.open": "pending",
      "stageState.skipped": "not reached",

      "batch.title": "Order batch",
      "batch.progress": "{ended} of {total} ended",
      "batch.progressOfFirst": "{ended} of the first {total} ended",
      "batch.outcomes": "{success} succeeded, {failure} failed",
      "batch.revoked": "{revoked} cancelled",
      "batch.ended": "The batch has ended.",
      "batch.endedOfFirst": "The first ones have ended; the batch's tasks tell of the rest.",
      "batch.open": "Refreshes itself while orders are open.",
      "batch.id": "Batch",
      "batch.order": "Order",
      "batch.noOrder": "no id",
      "batch.state": "State",
      "batch.stages": "Stages",
      "batch.total": "Total",
      "batch.another": "Start another batch",
      "batch.seeTasks": "See the batch's tasks",
    },
  },
  tasksWords,
);
