import Foundation
import TestSupport

/// A command line of every command, for a host on which the policy `old` of a trial is applied.
struct CommandLines: CustomStringConvertible, Sendable {
    /// The words; `OLD` and `NEW` stand for the policies, `DIR` for a folder to write in.
    let description: String
    /// Whether it changes nothing if `/proc` is not mounted.
    var needsProc = false
    /// Whether it writes a file.
    var writes = false

    /// The command lines that print output.
    static let all = [
        Self(description: "--version"), Self(description: "--help"), Self(description: "help apply"),
        Self(description: "apply --help"), Self(description: "check OLD"), Self(description: "show OLD"),
        Self(description: "diff OLD NEW"), Self(description: "plan NEW"),
        Self(description: "plan NEW --out DIR/plan", needsProc: true, writes: true),
        Self(description: "apply NEW --yes", needsProc: true, writes: true),
        Self(description: "apply NEW --yes --format json", needsProc: true, writes: true),
        Self(description: "apply NEW --yes --confirm 1h", needsProc: true, writes: true),
        Self(description: "apply --boot"), Self(description: "history", needsProc: true),
        Self(description: "rollback 1 --yes", needsProc: true), Self(description: "status OLD", needsProc: true),
        Self(description: "sessions OLD"), Self(description: "report OLD", needsProc: true),
        Self(description: "verify NEW", needsProc: true),
        Self(description: "verify NEW --news DIR/news", needsProc: true, writes: true),
        Self(description: "grant web OLD --from 192.0.2.1 --for 1h --why x", needsProc: true, writes: true),
        Self(description: "ban 192.0.2.1 --for 1h --why x", needsProc: true, writes: true),
        Self(description: "init -", needsProc: true),
        Self(description: "init DIR/first.yaml", needsProc: true, writes: true),
        Self(description: "explain 192.0.2.1 80 OLD"), Self(description: "remove --yes", needsProc: true, writes: true),
    ]

    /// The command lines that print nothing here and fail, since there is nothing for them to do.
    static let idle = ["confirm", "import", "refresh", "revoke web", "rollback", "unban 192.0.2.1"].map {
        Self(description: $0, needsProc: true)
    }

    /// The words that make a shell run it in a trial.
    func words(_ trial: Trial) throws -> [String] {
        let folder = URL(filePath: trial.old).deletingLastPathComponent().path
        let words = description.split(separator: " ").map(String.init).map { word in
            word.replacing("OLD", with: trial.old).replacing("NEW", with: trial.new).replacing("DIR", with: folder)
        }
        let stateless = ["check", "show", "help", "--help", "--version"]
        let takesState = !stateless.contains(words[0]) && words.last != "--help"
        return [try Portreeve.executable] + words + (takesState ? ["--state-dir", trial.portreeve.stateDirectory] : [])
    }

    /// Runs it through a script, which gets its words as `$@`.
    func run(_ trial: Trial, _ script: String, under prefix: [String] = []) throws -> Program.Result {
        try Program.run(prefix + ["sh", "-c", script, "-"] + words(trial))
    }
}

extension Trial {
    /// The names of all files but locks, the cache and the last reading of the counters, which stay.
    func files() throws -> Set<String> {
        let folder = URL(filePath: old).deletingLastPathComponent().path
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return Set(names.filter { name in !["lock", "live-sets", "/usage"].contains(where: name.hasSuffix) })
    }
}
