import { defineWords } from "../../i18n/words";
import { failuresWords } from "../failures/words";
import { queuesWords } from "../queues/words";

export const dashboardWords = defineWords(
  {
    es: {
      "dashboard.title": "Panel",
      "dashboard.now": "Estados ahora",
      "dashboard.history": "En el tiempo",

      "health.good": "Todo va bien",
      "health.attention": "Hay algo que mirar",
      "health.bad": "Algo va mal",
      "health.idle": "No hay trabajo pendiente: nada espera en las colas.",
      "health.working": "Hay trabajo y se está haciendo.",
      "health.waiting": "Nada puede correr aún: lo que queda espera su hora.",
      "health.storageFull":
        "La base de datos está llena al {share} ({size} de {limit}): no se aceptan pedidos ni tareas nuevas (507).",
      "health.storageFull.do":
        "Nada de lo aceptado se pierde: sigue, o espera a que haya sitio. Leer y borrar funcionan. Hay que hacer sitio ahora: exporta las tareas antiguas y borra después sus filas, como explica docs/operations.md («When the database fills»).",
      "health.storageFull.link": "Exportar las tareas",
      "health.storageShort":
        "La base de datos está casi llena: al {share}, {size} de {limit}. Desde el 98 % se rechaza lo nuevo.",
      "health.storageShort.do":
        "Haz sitio hoy: exporta las tareas antiguas y borra después sus filas, como explica docs/operations.md («When the database fills»).",
      "health.storageShort.link": "Exportar las tareas",
      "health.storageFilling": "La base de datos se llena: va por el {share}, {size} de {limit}.",
      "health.storageFilling.do":
        "Nada borra aún las tareas antiguas por sí solo, y desde el 98 % se rechaza lo nuevo. Planea exportarlas y borrar sus filas, como explica docs/operations.md («When the database fills»).",
      "health.storageFilling.link": "Exportar las tareas",
      "health.registryFilling":
        "El objeto más lleno del registro de pedidos va por el {share}: {size} de {limit}.",
      "health.registryFilling.do":
        "Ningún pedido espera por ello, pero cuando se llene los ids que no quepan no podrán archivarse. Amplía antes el número de objetos, como explica docs/operations.md («When the registry fills»).",
      "health.registryFilling.link": "Ver las tareas",
      "health.stalled":
        "La cola {queue} está parada: {due} {due|tarea podría|tareas podrían} correr, la primera desde hace {age}, y nadie {due|la|las} toma.",
      "health.stalled.do":
        "Comprueba que el Worker está desplegado y es consumidor de la cola; la recuperación reenvía lo perdido en segundos. Si no basta, mira los registros con wrangler tail.",
      "health.stalled.link": "Ver las colas",
      "health.silent": "El consumidor {worker} dejó de dar señales y su reserva venció hace {age}.",
      "health.silent.do":
        "La recuperación debería haber liberado ya sus tareas: comprueba que la alarma o el cron se ejecutan.",
      "health.silent.link": "Ver los consumidores",
      "health.failures":
        "Fallan más tareas de lo normal: {failed} en 15 minutos, el {share}; lo normal es el {normal}.",
      "health.failures.many": "Fallan muchas tareas: {failed} en 15 minutos, el {share}.",
      "health.failures.do":
        "Mira qué error se repite abajo; corrige la causa y reinténtalas después.",
      "health.failures.link": "Ver los fallos",
      "health.catalogueDown":
        "El catálogo está caído desde hace {age} (último error: «{why}»): {waiting} {waiting|pedido lo espera|pedidos lo esperan}.",
      "health.catalogueDown.do":
        "No gastan intentos y seguirán solos en cuanto vuelva. Comprueba CATALOGUE_URL y el servicio.",
      "health.catalogueDown.link": "Ver lo que espera",
      "health.sickProducts":
        "El catálogo responde, pero falla con {count} {count|producto|productos}, desde hace {age}: {products} (último error: «{why}»).",
      "health.sickProducts.do":
        "Solo sus pedidos gastan intentos, hasta fallar con catalogue_failed. Corrige los productos en el catálogo y reintenta los pedidos fallidos.",
      "health.sickProducts.link": "Ver sus pedidos",
      "health.registryDown":
        "{waiting} {waiting|pedido espera|pedidos esperan} al registro de ids de pedido, que no responde.",
      "health.registryDown.do":
        "Solo él conoce los ids de los pedidos archivados. Cada pedido sigue en cuanto responda, sin gastar intentos; el porqué está en los registros, en registry.claim_failed.",
      "health.registryDown.link": "Ver lo que espera",
      "health.catalogue":
        "{waiting} {waiting|pedido espera|pedidos esperan} su turno en el catálogo, que responde.",
      "health.catalogue.do":
        "Es lento o limita las llamadas: cada pedido sigue en cuanto tiene sus productos, sin gastar intentos.",
      "health.catalogue.link": "Ver lo que espera",
      "health.deadLetters":
        "{count} {count|mensaje|mensajes} de la cola de mensajes muertos no {count|es|son} de ninguna tarea.",
      "health.deadLetters.do":
        "No hay nada que ejecutar. Averigua quién los escribió y descártalos.",
      "health.deadLetters.link": "Ver los mensajes muertos",
      "health.paused": "La cola {queue} está en pausa: {held} {held|tarea espera|tareas esperan}.",
      "health.paused.do": "Nada se pierde ni gasta intentos. Reanúdala cuando ya no haga falta.",
      "health.paused.link": "Ver las colas",
      "health.resends": "La recuperación ha tenido que reenviar {count} de las tareas abiertas.",
      "health.resends.do":
        "Se pierden mensajes o caen consumidores. Las tareas están a salvo; mira si los consumidores se reinician.",
      "health.resends.link": "Ver las colas",

      "rates.accepted": "Aceptadas por minuto",
      "rates.succeeded": "Exitosas por minuto",
      "rates.failed": "Fallidas por minuto",
      "rates.p50": "Duración p50",
      "rates.p95": "Duración p95",
      "rates.note":
        "Por minuto: media de los últimos {minutes} minutos enteros. Duración: de las exitosas del periodo elegido, desde su primer inicio hasta su fin.",

      "chart.range": "Periodo",
      "chart.hour": "Última hora",
      "chart.day": "24 horas",
      "chart.month": "30 días",
      "chart.throughput.hour": "Tareas por minuto",
      "chart.throughput.day": "Tareas por hora",
      "chart.throughput.month": "Tareas por día",
      "chart.failures.hour": "Fallos por minuto",
      "chart.failures.day": "Fallos por hora",
      "chart.failures.month": "Fallos por día",
      "chart.durations": "Duración de las exitosas",
      "chart.accepted": "Aceptadas",
      "chart.succeeded": "Exitosas",
      "chart.failed": "Fallidas",
      "chart.throughputSummary":
        "{accepted} aceptadas y {succeeded} exitosas; el máximo de exitosas fue {most} ({time}).",
      "chart.failuresSummary": "{failed} fallidas; el máximo fue {most} ({time}).",
      "chart.durationsSummary": "La mitad terminó en {p50} o menos, y el 95 % en {p95} o menos.",
      "chart.nothing": "Nada en este periodo.",
      "chart.figures": "Ver las cifras",
      "chart.time": "Hora ({zone})",
      "chart.date": "Día (UTC)",
      "chart.note.hour": "Horas en {zone}. El último minuto aún no ha terminado.",
      "chart.note.day": "Horas en {zone}. La última aún no ha terminado.",
      "chart.note.month": "Días en UTC. El último aún no ha terminado.",

      "queues.queue": "Cola",
      "queues.state": "Estado",
      "queues.workers": "Consumidores",

      "failing.newest": "El último fallo: {code}",

      "modules.title": "Módulos",
      "modules.note": "Hoy y los 7 días anteriores (UTC).",
      "modules.module": "Módulo",
      "modules.accepted": "Aceptadas",
      "modules.succeeded": "Exitosas",
      "modules.failed": "Fallidas",
      "modules.cancelled": "Canceladas",
      "modules.endedWell": "Acaban bien",
      "modules.mean": "Media",
      "modules.p50": "p50",
      "modules.p95": "p95",

      "module.title": "Módulo",
      "module.periods": "Por periodo",
      "module.periodsNote":
        "Días de UTC. Terminadas en el periodo, menos las que se volvieron a ejecutar; duraciones, de las exitosas.",
      "module.period": "Periodo",
      "module.day": "Hoy y ayer",
      "module.days": "Hoy y {days} días antes",
      "module.names": "Por tarea, hoy y {days} días antes",
      "module.none": "Ninguna tarea en estos días.",
    },
    en: {
      "dashboard.title": "Dashboard",
      "dashboard.now": "States now",
      "dashboard.history": "Over time",

      "health.good": "All is well",
      "health.attention": "Something needs a look",
      "health.bad": "Something is wrong",
      "health.idle": "Nothing to do: nothing waits in the queues.",
      "health.working": "There is work, and it is being done.",
      "health.waiting": "Nothing can run yet: what is left waits for its time.",
      "health.storageFull":
        "The database is {share} full ({size} of {limit}): no new orders or tasks are accepted (507).",
      "health.storageFull.do":
        "Nothing that was accepted is lost: it goes on, or waits for room. Reading and deleting work. Make room now: export the old tasks, then delete their rows, as docs/operations.md explains (“When the database fills”).",
      "health.storageFull.link": "Export the tasks",
      "health.storageShort":
        "The database is nearly full: {share}, {size} of {limit}. From 98% on, new work is refused.",
      "health.storageShort.do":
        "Make room today: export the old tasks, then delete their rows, as docs/operations.md explains (“When the database fills”).",
      "health.storageShort.link": "Export the tasks",
      "health.storageFilling": "The database is filling up: {share}, {size} of {limit}.",
      "health.storageFilling.do":
        "Nothing deletes old tasks by itself yet, and from 98% on new work is refused. Plan to export them and to delete their rows, as docs/operations.md explains (“When the database fills”).",
      "health.storageFilling.link": "Export the tasks",
      "health.registryFilling":
        "The fullest object of the order registry is {share} full: {size} of {limit}.",
      "health.registryFilling.do":
        "No order waits for it, but once it is full, orders whose ids it cannot keep are not archived. Let the number of objects grow before, as docs/operations.md explains (“When the registry fills”).",
      "health.registryFilling.link": "See the tasks",
      "health.stalled":
        "Queue {queue} is stalled: {due} {due|task|tasks} could run, the first for {age}, and nobody takes {due|it|them}.",
      "health.stalled.do":
        "Check that the Worker is deployed and consumes the queue; recovery sends again what was lost within seconds. If that is not enough, look at the logs with wrangler tail.",
      "health.stalled.link": "See the queues",
      "health.silent": "Consumer {worker} went silent and its lease lapsed {age} ago.",
      "health.silent.do":
        "Recovery should have freed its tasks by now: check that its alarm or the cron runs.",
      "health.silent.link": "See the consumers",
      "health.failures":
        "More tasks fail than usual: {failed} in 15 minutes, {share}; usual is {normal}.",
      "health.failures.many": "Many tasks fail: {failed} in 15 minutes, {share}.",
      "health.failures.do": "See below which error repeats; mend its cause, then retry them.",
      "health.failures.link": "See the failures",
      "health.catalogueDown":
        "The catalogue has been down for {age} (last error: “{why}”): {waiting} {waiting|order waits|orders wait} for it.",
      "health.catalogueDown.do":
        "They use up no attempts and go on by themselves as soon as it is back. Check CATALOGUE_URL and the service.",
      "health.catalogueDown.link": "See what waits",
      "health.sickProducts":
        "The catalogue answers, but has failed for {count} {count|product|products} for {age}: {products} (last error: “{why}”).",
      "health.sickProducts.do":
        "Only their orders use up attempts, and then fail with catalogue_failed. Mend the products in the catalogue, then retry the orders that failed.",
      "health.sickProducts.link": "See their orders",
      "health.registryDown":
        "{waiting} {waiting|order waits|orders wait} for the registry of order ids, which does not answer.",
      "health.registryDown.do":
        "It alone knows the ids of archived orders. Each order goes on as soon as it answers, and uses up no attempt; the logs say why under registry.claim_failed.",
      "health.registryDown.link": "See what waits",
      "health.catalogue":
        "{waiting} {waiting|order waits|orders wait} for {waiting|its|their} turn at the catalogue, which is up.",
      "health.catalogue.do":
        "It is slow or limits calls: each order goes on as soon as it has its products, and uses up no attempt.",
      "health.catalogue.link": "See what waits",
      "health.deadLetters":
        "{count} {count|message|messages} of the dead-letter queue {count|is|are} of no task.",
      "health.deadLetters.do":
        "There is nothing to run. Find out who wrote them, and discard them.",
      "health.deadLetters.link": "See the dead letters",
      "health.paused": "Queue {queue} is paused: {held} {held|task waits|tasks wait}.",
      "health.paused.do":
        "Nothing is lost and no attempt is used. Resume it when the reason is gone.",
      "health.paused.link": "See the queues",
      "health.resends": "Recovery had to send {count} of the open tasks again.",
      "health.resends.do":
        "Messages get lost or consumers die. The tasks are safe; see whether consumers restart.",
      "health.resends.link": "See the queues",

      "rates.accepted": "Accepted per minute",
      "rates.succeeded": "Succeeded per minute",
      "rates.failed": "Failed per minute",
      "rates.p50": "Duration p50",
      "rates.p95": "Duration p95",
      "rates.note":
        "Per minute: mean of the last {minutes} whole minutes. Duration: of those that succeeded in the chosen period, from their first start to their end.",

      "chart.range": "Period",
      "chart.hour": "Last hour",
      "chart.day": "24 hours",
      "chart.month": "30 days",
      "chart.throughput.hour": "Tasks per minute",
      "chart.throughput.day": "Tasks per hour",
      "chart.throughput.month": "Tasks per day",
      "chart.failures.hour": "Failures per minute",
      "chart.failures.day": "Failures per hour",
      "chart.failures.month": "Failures per day",
      "chart.durations": "Duration of the successful",
      "chart.accepted": "Accepted",
      "chart.succeeded": "Succeeded",
      "chart.failed": "Failed",
      "chart.throughputSummary":
        "{accepted} accepted and {succeeded} succeeded; the most that succeeded were {most} ({time}).",
      "chart.failuresSummary": "{failed} failed; the most were {most} ({time}).",
      "chart.durationsSummary": "Half ended within {p50}, and 95 % within {p95}.",
      "chart.nothing": "Nothing in this period.",
      "chart.figures": "See the figures",
      "chart.time": "Time ({zone})",
      "chart.date": "Day (UTC)",
      "chart.note.hour": "Times in {zone}. The last minute is not over yet.",
      "chart.note.day": "Times in {zone}. The last hour is not over yet.",
      "chart.note.month": "Days in UTC. The last day is not over yet.",

      "queues.queue": "Queue",
      "queues.state": "State",
      "queues.workers": "Consumers",

      "failing.newest": "The latest failure: {code}",

      "modules.title": "Modules",
      "modules.note": "Today and the 7 days before (UTC).",
      "modules.module": "Module",
      "modules.accepted": "Accepted",
      "modules.succeeded": "Succeeded",
      "modules.failed": "Failed",
      "modules.cancelled": "Cancelled",
      "modules.endedWell": "End well",
      "modules.mean": "Mean",
      "modules.p50": "p50",
      "modules.p95": "p95",

      "module.title": "Module",
      "module.periods": "By period",
      "module.periodsNote":
        "Days of UTC. Ended in the period, less those run again; durations, of the successful.",
      "module.period": "Period",
      "module.day": "Today and yesterday",
      "module.days": "Today and {days} days before",
      "module.names": "By task, today and {days} days before",
      "module.none": "No task in these days.",
    },
  },
  failuresWords,
  queuesWords,
);
