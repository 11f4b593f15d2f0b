export const peopleEs = {};

export const peopleEn = {};
