/** More pixels are refused: a picture of a dataset is small, and a bomb says it is not. */
export const MAX_PIXELS = 2 ** 26;
