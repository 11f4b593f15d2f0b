import { defineWords } from "../../i18n/words";
import { sharedWords } from "../shared/words";

export const notificationsWords = defineWords(
  {
    es: {
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
    },
    en: {
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
    },
  },
  sharedWords,
);
