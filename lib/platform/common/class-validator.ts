/**
 * What the module uses of class-validator, file by file: its index loads 320 files, telephone numbers of every country
 * among them, which takes 11 MiB. An application that imports the index gets the very same functions, and the rules it
 * states are kept in the same place.
 */
export { IsOptional } from 'class-validator/cjs/decorator/common/IsOptional.js';
export { buildMessage, ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
export { ValidateIf } from 'class-validator/cjs/decorator/common/ValidateIf.js';
export { MaxLength } from 'class-validator/cjs/decorator/string/MaxLength.js';
export { IsString } from 'class-validator/cjs/decorator/typechecker/IsString.js';
export { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage.js';
export { ValidationTypes } from 'class-validator/cjs/validation/ValidationTypes.js';
export { Validator } from 'class-validator/cjs/validation/Validator.js';
