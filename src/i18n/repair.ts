export const repairEs = {};

export const repairEn = {};
