import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/tasks/schema.ts",
    "./src/orders/schema.ts",
    "./src/auth/schema.ts",
    "./src/audit/schema.ts",
  ],
  out: "./migrations",
});
