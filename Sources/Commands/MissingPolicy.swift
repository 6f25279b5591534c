internal import Addressing
internal import ArgumentParser
internal import Policies
internal import Printing
internal import System

/// A path at which there is no policy, and what the user may have meant by it.
struct MissingPolicy {
    let path: String
    /// Whether the policy is about this host, so that `init` could write it.
    var isOfThisHost = true
    /// Whether there is the policy that is used where none is named.
    var hasStandard = StateFiles.exists(PolicyOptions.standardPath)

    /// One sentence with the likely repair.
    var text: String {
        let start = "there is no policy \(path.printable)"
        if let thing { return "\(start): \(thing)" }
        if isOfThisHost, hasStandard, isNamedAsStandard {
            return
                "\(start) in this directory; \(PolicyOptions.standardPath) is used where no policy is named: leave the path out"
        }
        if siblings.names.contains(siblings.name) {
            return "\(start): it is a symbolic link to a file that does not exist"
        }
        if let similarFile { return "\(start): did you mean \"\(similarFile.printable)\"?" }
        guard isOfThisHost, isStandard || Self.isPath(path) else {
            return "\(start): write the path of a policy file"
        }
        let command = isStandard ? "portreeve init" : "portreeve init \(path.shellWord)"
        return "\(start): \"\(command)\" writes a first one from the ports that listen now"
    }

    private var isStandard: Bool { path == PolicyOptions.standardPath }

    /// Whether it is the name of the standard policy in the working directory.
    private var isNamedAsStandard: Bool {
        let name = PolicyOptions.standardPath.split(separator: "/").last ?? ""
        return path == "\(name)" || path == "./\(name)"
    }

    private static let endings = [".yaml", ".yml"]

    /// Whether a word has the ending of a policy file.
    static func isPath(_ word: String) -> Bool { endings.contains(where: word.hasSuffix) }

    /// What the word is, if it is no path: a command, a port or an address.
    private var thing: String? {
        if path == "help" { return "\"--help\" after a command shows its help" }
        if Portreeve.commandNames.contains(path) { return "\"\(path)\" is a command, and one runs at a time" }
        if path.count <= 5, Int(path) != nil {
            return "\"\(path)\" is a port, or the number of a change, which \"portreeve history --show \(path)\" shows"
        }
        if isPort { return "\"\(path)\" is a port" }
        if (try? AddressRange(path)) != nil { return "\"\(path)\" is an address" }
        return nil
    }

    /// Whether it is `22`, `22/tcp` or `tcp/22`; a name such as `ssh` may also be that of a file.
    private var isPort: Bool {
        let words = path.split(separator: "/", omittingEmptySubsequences: false)
        let hasNumber = words.contains { UInt16($0) != nil }
        return hasNumber && words.count <= 2
            && words.allSatisfy { UInt16($0) != nil || TransportProtocol(name: String($0)) != nil }
    }

    /// The directory with a slash at its end, empty for the working directory; the name there, and all names that are there.
    private var siblings: (directory: String, name: String, names: [String]) {
        let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let directory = String(path[..<slash])
        return (directory, String(path[slash...]), FileSystem.names(in: directory.isEmpty ? "." : directory))
    }

    /// A file of the same directory with a similar name, or with the same name and an ending of policies.
    private var similarFile: String? {
        let (directory, name, names) = siblings
        let whole = Self.endings.map { name + $0 }.first { names.contains($0) }
        return (whole ?? Self.nearest(to: name, among: names)).map { directory + $0 }
    }

    /// The name that is most like another one; of the names of policies the parts before their endings count.
    private static func nearest(to name: String, among names: [String]) -> String? {
        guard isPath(name) else { return Spelling.nearest(to: name, among: names) }
        let policies = Dictionary(names.filter(isPath).map { (stem($0), $0) }) { first, _ in first }
        return Spelling.nearest(to: stem(name), among: policies.keys.sorted()).flatMap { policies[$0] }
    }

    /// The name without the ending of a policy.
    private static func stem(_ name: String) -> String {
        String(name.dropLast(endings.first(where: name.hasSuffix)?.count ?? 0))
    }
}
