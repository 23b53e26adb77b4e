export { emaBeta, exponentOf, MAX_STD, stdOf } from "./profile.js";
