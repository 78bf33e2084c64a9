import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

/** Metadata key of {@link Public}. */
export const PUBLIC = 'aerie:public';

/** The route needs no API key, and its documentation says so. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiSecurity({}));
