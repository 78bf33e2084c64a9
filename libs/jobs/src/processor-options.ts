/** Injection token of the options (`JobProcessorOptions`) that all processors of this process share. */
export const JOB_PROCESSOR_OPTIONS = Symbol('JOB_PROCESSOR_OPTIONS');
