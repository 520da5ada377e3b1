"""The fuzzer of the native back end: ``make fuzz-native``. Its program is in ``native/fuzz``."""
