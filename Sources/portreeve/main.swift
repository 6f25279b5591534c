import CStart
import Commands

// `CommandLine` reads /proc/self/cmdline and is empty if /proc is not mounted: at boot, portreeve would print its help.
Portreeve.main(
    words: (1..<max(1, start_argument_count())).map { unsafe String(cString: start_argument($0)) })
