export function readEnvFile(file: string): Record<string, string>;
export function readSecretsFile(file: string): Record<string, string>;
export function parseEnv(source: string): Record<string, string>;
export function decode(bytes: Uint8Array): string;
