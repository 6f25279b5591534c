internal import Policies
internal import System

/// The files of a policy as it was applied, with its lists as they are now.
struct RefreshedFiles: PolicyFiles {
    /// The files as they were applied.
    let recorded: RecordedFiles
    /// The paths of the lists that are read again.
    let lists: Set<String>
    /// The addresses of DNS names that are not as they were applied.
    var names: [String: [UInt8]] = [:]

    func number(ofUser name: String) -> UInt32? { recorded.number(ofUser: name) }

    func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
        guard lists.contains(path) else { return try recorded.read(path, checksOwnership: checksOwnership) }
        guard path.hasPrefix("/") else {
            throw FileRefusal(message: "is relative to the directory of an earlier version: run \"portreeve apply\"")
        }
        return try TrustedFiles().read(path, checksOwnership: checksOwnership)
    }

    func readStandardInput() throws(FileRefusal) -> PolicyFile { try recorded.readStandardInput() }

    func checkDirectories(above _: String) {}

    func identity(of path: String) -> [UInt64]? { recorded.identity(of: path) }

    func paths(matching pattern: String) -> [String] { recorded.paths(matching: pattern) }

    func addresses(ofName name: String) -> [UInt8]? { names[name] ?? recorded.addresses(ofName: name) }

    func lastList(_ path: String) -> [UInt8]? {
        recorded.paths.firstIndex(of: path).map { recorded.texts[$0] }
    }
}
