import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/db/schema.ts",
    "./src/tasks/model/schema.ts",
    "./src/orders/order/schema.ts",
    "./src/auth/schema.ts",
    "./src/audit/schema.ts",
    "./src/archive/schema.ts",
  ],
  out: "./migrations",
});
