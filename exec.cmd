@rem `exec` of the scripts in package.json, for Windows' shell. Elsewhere it is the shell's own: it puts node in the
@rem shell's place, so that a signal to npm reaches the server and not a shell in between.
@%*
