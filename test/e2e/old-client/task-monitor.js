/**
 * TaskMonitor is the component that the old task manager documents for front ends, on a page with
 * React as a global. It knows nothing but what is documented there: `data.results`, `progress`, the
 * number of workers.
 */
const { createElement, useCallback, useEffect, useState } = globalThis.React;

const readJson = async (address) => (await fetch(address)).json();

export function TaskMonitor({ userId, everyMs = 5000 }) {
  const [tasks, setTasks] = useState([]);
  const [workers, setWorkers] = useState([]);

  const read = useCallback(async () => {
    const data = await readJson(`/api/tasks/executions/?user=${userId}`);
    setTasks(data.results);
    setWorkers(await readJson("/api/tasks/workers/"));
  }, [userId]);

  useEffect(() => {
    void read();
    const timer = setInterval(() => void read(), everyMs);
    return () => clearInterval(timer);
  }, [read, everyMs]);

  const cancel = async (taskId) => {
    await fetch(`/api/tasks/cancel/${taskId}/`, { method: "POST" });
    await read();
  };

  return createElement(
    "div",
    { className: "task-monitor" },
    createElement("h3", null, "Tareas"),
    createElement("p", { className: "workers" }, `Workers activos: ${workers.length}`),
    tasks.map((task) => createElement(TaskItem, { key: task.id, task, cancel })),
  );
}

function TaskItem({ task, cancel }) {
  return createElement(
    "div",
    { className: "task-item", "data-task": task.task_id },
    createElement("h4", null, task.task_name),
    createElement("p", { className: "status" }, `Estado: ${task.status}`),
    task.progress > 0 &&
      createElement(
        "div",
        { className: "progress-bar", style: { width: "400px" } },
        createElement("div", {
          className: "progress",
          style: { width: `${task.progress}%`, height: "8px" },
        }),
      ),
    task.status === "STARTED" &&
      createElement("button", { onClick: () => void cancel(task.task_id) }, "Cancelar"),
  );
}
