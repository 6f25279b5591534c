import CStart
import Commands

// `CommandLine` reads /proc/self/cmdline, and has no words where /proc is not mounted: a boot would print the help.
Portreeve.main(
    words: (1..<max(1, start_argument_count())).map { unsafe String(cString: start_argument($0)) })
