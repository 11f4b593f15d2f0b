/** The sheet of the keyboard's shortcuts. */
export const shortcutsEs = {
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
};

export const shortcutsEn: Record<keyof typeof shortcutsEs, string> = {
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
};
