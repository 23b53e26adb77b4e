export { parseImageCount } from "./lists/image-counts.js";
export { parseIntegers, parseSeeds, seedRanges } from "./lists/seeds.js";
export { publishedArchitecture, publishedNames } from "./networks/published.js";
