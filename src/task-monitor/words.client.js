// @ts-check
/**
 * WORDS has the element's texts; those of states and connections have the name of the state or
 * connection.
 */
/**
 * @typedef {"PENDING" | "STARTED" | "PROGRESS" | "RETRY" | "SUCCESS" | "FAILURE" | "REVOKED"} Status
 * @typedef {import("../live/live.client.js").Connection} Connection
 * @typedef {"tasks" | "none" | "worker" | "workers" | "cancel" | "refused" | Connection | Status} Key
 * @typedef {Record<Key, string>} Words
 */

/** @type {Record<import("../i18n/language").Language, Words>} */
export const WORDS = {
  es: {
    tasks: "Tareas",
    none: "No hay tareas.",
    worker: "trabajador activo",
    workers: "trabajadores activos",
    cancel: "Cancelar",
    refused: "No se pudo cancelar",
    live: "",
    polling: "Se actualiza cada pocos segundos.",
    offline: "Sin conexión: la lista no se está actualizando.",
    PENDING: "Pendiente",
    STARTED: "Iniciada",
    PROGRESS: "En progreso",
    RETRY: "Reintentando",
    SUCCESS: "Exitosa",
    FAILURE: "Fallida",
    REVOKED: "Cancelada",
  },
  en: {
    tasks: "Tasks",
    none: "There are no tasks.",
    worker: "active worker",
    workers: "active workers",
    cancel: "Cancel",
    refused: "Could not cancel",
    live: "",
    polling: "Refreshed every few seconds.",
    offline: "No connection: the list is not being refreshed.",
    PENDING: "Pending",
    STARTED: "Started",
    PROGRESS: "In progress",
    RETRY: "Retrying",
    SUCCESS: "Succeeded",
    FAILURE: "Failed",
    REVOKED: "Cancelled",
  },
};
