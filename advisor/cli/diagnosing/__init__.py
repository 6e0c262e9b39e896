"""The jobs of `advisor diagnose`: each calls one function, renders its result, and says how the command exits."""
