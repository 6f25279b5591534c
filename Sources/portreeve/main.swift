import ArgumentParser
import Commands

// Asked by every inventory and package tool, and the parser takes longer to get there than the process to start.
if CommandLine.arguments.dropFirst() == ["--version"] {
    print(Portreeve.configuration.version)
} else {
    Portreeve.main()
}
