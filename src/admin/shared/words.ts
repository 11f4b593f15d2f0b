import { defineWords, type KeyOf } from "../../i18n/words";

export const sharedWords = defineWords({
  es: {
    "product.name": "pedidos-edge",

    "nav.skip": "Saltar al contenido",
    "nav.main": "Principal",
    "nav.dashboard": "Panel",
    "nav.tasks": "Tareas",
    "nav.failures": "Fallos",
    "nav.orders": "Pedidos",
    "nav.queues": "Colas",
    "nav.run": "Ejecutar",
    "nav.notifications": "Avisos",
    "nav.admin": "Administrar",
    "nav.people": "Personas",
    "nav.keys": "Claves",
    "nav.audit": "Auditoría",
    "nav.signIn": "Entrar",
    "nav.signOut": "Salir",
    "nav.signedInAs": "Sesión de {email}, {role}",

    "role.viewer": "lectura",
    "role.operator": "operación",
    "role.admin": "administración",

    "preferences.language": "Switch to English",
    "preferences.languageCode": "EN",
    "preferences.theme": "Tema",

    "theme.auto": "automático",
    "theme.light": "claro",
    "theme.dark": "oscuro",

    "stage.validate": "Validar",
    "stage.enrich": "Enriquecer",
    "stage.price": "Valorar",
    "stage.persist": "Guardar",

    "stageState.done": "hecha",

    "status.PENDING": "Pendiente",
    "status.STARTED": "Iniciada",
    "status.PROGRESS": "En progreso",
    "status.SUCCESS": "Exitosa",
    "status.FAILURE": "Fallida",
    "status.RETRY": "Reintentando",
    "status.REVOKED": "Cancelada",

    "list.search": "Buscar",
    "list.anyState": "Cualquiera",
    "list.any": "Cualquiera",
    "list.filters": "Filtros",
    "list.activeFilters": "Filtros ({count})",
    "list.apply": "Aplicar",
    "list.clear": "Quitar filtros",
    "list.from": "Desde ({zone})",
    "list.to": "Hasta ({zone})",
    "list.fromDay": "Desde",
    "list.toDay": "Hasta",
    "list.zone": "Zona horaria",
    "list.count": "{count} en total",
    "list.pages": "Páginas",
    "list.newer": "Más recientes",
    "list.older": "Anteriores",
    "list.first": "Primera página",
    "list.short":
      "Esta página es corta: se han mirado 1.000 tareas, o un trecho del archivo, y quedan otras más antiguas por mirar.",
    "list.badFilter": "Un filtro no se entiende; corrígelo y vuelve a aplicar.",
    "list.badDate": "No es una fecha.",
    "list.badZone": "Zona horaria desconocida.",
    "list.dateOrder": "Es anterior a la fecha de inicio.",
    "list.badBatch": "No es el identificador de un lote.",
    "list.badState": "No es un estado.",
    "list.tooLong": "Es demasiado largo.",
    "list.badCursor": "Este enlace a una página de la lista no es válido.",

    "archive.mark": "en archivo",
    "archive.since": "En archivo desde",
    "archive.kept": "Se guarda en R2, fuera de la base de datos.",
    "archive.damaged": "Faltan registros archivados cuya copia no se puede leer:",
    "archive.damagedRecords": "{day}, de {first} a {last}",
    "archive.damagedDay": "{day}, generación {generation}, entera",

    "confirm.back": "Volver sin hacer nada",
    "confirm.reason": "Motivo",
    "confirm.reasonHint": "De 3 a 500 caracteres. Queda registrado con tu nombre.",
    "confirm.badReason": "Escribe un motivo de 3 a 500 caracteres.",

    "nav.home": "Ir al inicio",

    "live.asOf": "Datos de:",
    "live.again": "Actualizar",
    "live.lost": "Sin conexión: la página no se está actualizando.",

    "nav.deadLetters": "Mensajes muertos",

    "deadLetters.what":
      "Mensajes que no son de ninguna tarea de este sistema. Aquí no se pierde ninguno: cada uno es una tarea fallida con su cuerpo.",

    "list.never": "nunca",
    "list.none": "Prueba con menos filtros u otras palabras.",
    "list.previousPage": "Página anterior",
    "list.nextPage": "Página siguiente",
    "list.badRole": "No es un rol.",
    "list.action": "Acción",

    "nav.account": "Tu cuenta",

    "list.badAction": "No es una acción.",
    "list.badDiscarded": "Tiene que ser sí o no.",

    "bell.unread": "sin leer",

    "shortcuts.title": "Atajos de teclado",
    "shortcuts.close": "Cerrar",
    "shortcuts.go": "Ir a",
    "shortcuts.lists": "En las listas",
    "shortcuts.move": "Fila siguiente, fila anterior",
    "shortcuts.open": "Abrir la fila",
    "shortcuts.pick": "Marcarla o desmarcarla",
    "shortcuts.pages": "Página siguiente, página anterior",
    "shortcuts.everywhere": "En toda página",
    "shortcuts.search": "Buscar o filtrar",
    "shortcuts.sheet": "Esta hoja",
    "shortcuts.leave": "Salir de la búsqueda o de la lista",
    "shortcuts.on": "Usar los atajos de una tecla",
    "shortcuts.note":
      "No hacen nada mientras se escribe, ni con Ctrl, Alt o ⌘. Este navegador recuerda la elección.",
    "shortcuts.picked": "Marcadas: {count}",
  },
  en: {
    "product.name": "pedidos-edge",

    "nav.skip": "Skip to content",
    "nav.main": "Main",
    "nav.dashboard": "Dashboard",
    "nav.tasks": "Tasks",
    "nav.failures": "Failures",
    "nav.orders": "Orders",
    "nav.queues": "Queues",
    "nav.run": "Run",
    "nav.notifications": "Notifications",
    "nav.admin": "Administer",
    "nav.people": "People",
    "nav.keys": "Keys",
    "nav.audit": "Audit",
    "nav.signIn": "Sign in",
    "nav.signOut": "Sign out",
    "nav.signedInAs": "Signed in as {email}, {role}",

    "role.viewer": "viewer",
    "role.operator": "operator",
    "role.admin": "admin",

    "preferences.language": "Cambiar a español",
    "preferences.languageCode": "ES",
    "preferences.theme": "Theme",

    "theme.auto": "automatic",
    "theme.light": "light",
    "theme.dark": "dark",

    "stage.validate": "Validate",
    "stage.enrich": "Enrich",
    "stage.price": "Price",
    "stage.persist": "Store",

    "stageState.done": "done",

    "status.PENDING": "Pending",
    "status.STARTED": "Started",
    "status.PROGRESS": "In progress",
    "status.SUCCESS": "Succeeded",
    "status.FAILURE": "Failed",
    "status.RETRY": "Retrying",
    "status.REVOKED": "Cancelled",

    "list.search": "Search",
    "list.anyState": "Any",
    "list.any": "Any",
    "list.filters": "Filters",
    "list.activeFilters": "Filters ({count})",
    "list.apply": "Apply",
    "list.clear": "Clear filters",
    "list.from": "From ({zone})",
    "list.to": "To ({zone})",
    "list.fromDay": "From",
    "list.toDay": "To",
    "list.zone": "Time zone",
    "list.count": "{count} in all",
    "list.pages": "Pages",
    "list.newer": "Newer",
    "list.older": "Older",
    "list.first": "First page",
    "list.short":
      "This page is short: 1,000 tasks were looked at, or a stretch of the archive, and older ones are still to be.",
    "list.badFilter": "A filter cannot be read; mend it and apply again.",
    "list.badDate": "Not a date.",
    "list.badZone": "Unknown time zone.",
    "list.dateOrder": "Before the first date.",
    "list.badBatch": "Not the id of a batch.",
    "list.badState": "Not a state.",
    "list.tooLong": "Too long.",
    "list.badCursor": "This link to a page of the list is not valid.",

    "archive.mark": "archived",
    "archive.since": "Archived on",
    "archive.kept": "It is kept in R2, outside the database.",
    "archive.damaged": "Archived records are missing whose copy cannot be read:",
    "archive.damagedRecords": "{day}, from {first} to {last}",
    "archive.damagedDay": "{day}, generation {generation}, the whole of it",

    "confirm.back": "Back, changing nothing",
    "confirm.reason": "Reason",
    "confirm.reasonHint": "3 to 500 characters. It is recorded with your name.",
    "confirm.badReason": "Write a reason of 3 to 500 characters.",

    "nav.home": "To the front page",

    "live.asOf": "Updated:",
    "live.again": "Refresh",
    "live.lost": "No connection: the page is not being refreshed.",

    "nav.deadLetters": "Dead letters",

    "deadLetters.what":
      "Messages that are of no task of this system. None is lost: each is a failed task with its body.",

    "list.never": "never",
    "list.none": "Try fewer filters or other words.",
    "list.previousPage": "Previous page",
    "list.nextPage": "Next page",
    "list.badRole": "This is not a role.",
    "list.action": "Action",

    "nav.account": "Your account",

    "list.badAction": "This is not an action.",
    "list.badDiscarded": "Must be yes or no.",

    "bell.unread": "unread",

    "shortcuts.title": "Keyboard shortcuts",
    "shortcuts.close": "Close",
    "shortcuts.go": "Go to",
    "shortcuts.lists": "In lists",
    "shortcuts.move": "Next row, previous row",
    "shortcuts.open": "Open the row",
    "shortcuts.pick": "Pick it, or not",
    "shortcuts.pages": "Next page, previous page",
    "shortcuts.everywhere": "On every page",
    "shortcuts.search": "Search or filter",
    "shortcuts.sheet": "This sheet",
    "shortcuts.leave": "Leave the search or the list",
    "shortcuts.on": "Use single-key shortcuts",
    "shortcuts.note":
      "They do nothing while one types, nor with Ctrl, Alt or ⌘. This browser remembers the choice.",
    "shortcuts.picked": "Picked: {count}",
  },
});

export type SharedKey = KeyOf<typeof sharedWords>;
