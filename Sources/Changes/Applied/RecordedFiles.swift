internal import Policies
internal import System

/// The files of a policy as they were when it was applied: the main file first, each with the path that it had.
struct RecordedFiles: PolicyFiles {
    /// The paths.
    let paths: [String]
    /// The contents, in the same order.
    let texts: [[UInt8]]
    /// The paths of the databases of ports and protocols, which are read from the host.
    let databases: [String]

    /// The files of a change.
    init(_ files: [ChangeRecord.File], databases: [String] = []) {
        paths = files.map(\.path)
        texts = files.map(\.text)
        self.databases = databases
    }

    /// The policy in the files; `nil` if this version of portreeve cannot read it.
    func policy(_ options: ReadingOptions) -> Policy? {
        guard let path = paths.first else { return nil }
        var options = options
        (options.checksOwnership, options.hostNames) = (false, nil)
        let files = RecordedFiles(self, databases: [options.servicesDatabase, options.protocolsDatabase])
        return PolicyReader.read(path: path, options: options, files: files).policy
    }

    private init(_ files: RecordedFiles, databases: [String]) {
        (paths, texts) = (files.paths, files.texts)
        self.databases = databases
    }

    func addresses(ofName name: String) -> [UInt8]? {
        paths.firstIndex(of: NamedSource.path(of: name)).map { texts[$0] }
    }

    func number(ofUser name: String) -> UInt32? { TrustedFiles().number(ofUser: name) }

    func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
        if let index = paths.firstIndex(of: path) { return PolicyFile(bytes: texts[index], identity: [UInt64(index)]) }
        guard databases.contains(path) else {
            throw FileRefusal(message: "was not among the files of the policy when it was applied")
        }
        return try TrustedFiles().read(path, checksOwnership: false)
    }

    func readStandardInput() throws(FileRefusal) -> PolicyFile {
        throw FileRefusal(message: "was read when the policy was applied")
    }

    func checkDirectories(above _: String) {}

    func identity(of path: String) -> [UInt64]? { paths.firstIndex(of: path).map { [UInt64($0)] } }

    func paths(matching pattern: String) -> [String] { paths.filter { FileSystem.matches(pattern, $0) } }
}
