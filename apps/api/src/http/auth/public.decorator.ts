import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link Public}. */
export const PUBLIC = 'aerie:public';

/** The route needs no API key. */
export const Public = () => SetMetadata(PUBLIC, true);
