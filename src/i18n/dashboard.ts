export const dashboardEs = {};

export const dashboardEn = {};
