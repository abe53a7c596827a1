// class-transformer publishes no other way to ask which name `@Expose({ name })` gives a property.
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage.js';
}
