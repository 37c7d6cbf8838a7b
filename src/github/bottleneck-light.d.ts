// The light build (no Redis) is the one the throttling plugin uses; the package types only its main entry.
declare module "bottleneck/light.js" {
  export { default } from "bottleneck";
}
