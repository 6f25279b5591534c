/// A program that runs scripts: its own name says little about a listener.
struct Interpreter {
    private let isJava: Bool

    /// The starts of the names of interpreters: a version may follow.
    private static let names = [
        "python", "perl", "ruby", "node", "php", "java", "bash", "dash", "sh", "ksh", "zsh", "lua", "tclsh", "deno",
        "bun",
    ]
    /// The bytes of a version.
    private static let versionBytes = Array("0123456789.-".utf8)
    /// The options that are followed by a value.
    private static let valued: Set = [
        "-cp", "-classpath", "--class-path", "-p", "--module-path", "-r", "--require", "-W", "-X", "-I",
    ]

    /// The interpreter of this executable; `nil` for other programs.
    init?(executable: String) {
        // Bytes, since characters of Unicode cost more than the reading of a process.
        let bytes = executable.utf8
        let name = bytes[(bytes.lastIndex(of: UInt8(ascii: "/")).map(bytes.index(after:)) ?? bytes.startIndex)...]
        guard let start = Self.names.first(where: { name.starts(with: $0.utf8) }),
            name.dropFirst(start.utf8.count).allSatisfy(Self.versionBytes.contains)
        else { return nil }
        isJava = start == "java"
    }

    /// The script that the process with this directory in `/proc` runs, as its command line has it; `nil` if it has none.
    func script(of directory: String) -> String? {
        let words = (ProcFile.text("\(directory)/cmdline") ?? "").utf8.split(separator: 0).map { String(Substring($0)) }
        return script(in: words.dropFirst())
    }

    /// The script among the arguments of the command line.
    func script(in arguments: ArraySlice<String>) -> String? {
        var rest = arguments
        while let word = rest.popFirst() {
            switch word {
            case "-jar": return rest.first
            // The module of python and java, or a program on the command line.
            case "-m", "--module": return rest.first.map { "-m \($0)" }
            case "-c" where !isJava, "-e" where !isJava: return word
            case _ where Self.valued.contains(word): rest = rest.dropFirst()
            case _ where !word.hasPrefix("-"): return word
            default: continue
            }
        }
        return nil
    }
}
