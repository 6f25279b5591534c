/// Loads the files of one policy and keeps them in the order of loading.
final class FileLoader {
    /// The files of the host.
    let files: any PolicyFiles
    private let checksOwnership: Bool
    private let log: DiagnosticLog
    /// The paths of all loaded files.
    private(set) var paths: [String] = []
    /// Their contents, in the same order.
    private(set) var texts: [[UInt8]] = []
    /// The indices of the lists among them.
    private(set) var lists: Set<Int> = []
    /// Why the main file could not be read; `nil` if it was, or if it was refused.
    private(set) var fault: PolicyReading.Fault?

    init(files: any PolicyFiles, checksOwnership: Bool, log: DiagnosticLog) {
        self.files = files
        self.checksOwnership = checksOwnership
        self.log = log
    }

    /// The file at `path`, or standard input for `-`; `nil` after an error.
    ///
    /// `place` is the entry that names the file; `nil` for the policy's main file. With a `destination` the file is treated as
    /// if it were there: its own owner does not matter then, the owners of the directories above the destination do.
    func load(
        _ path: String, namedAt place: SourceSpan?, as destination: String? = nil, isList: Bool = false
    ) -> (file: SourceFile, identity: [UInt64])? {
        let isStandardInput = path == "-" && place == nil
        var subject = path
        do throws(FileRefusal) {
            let checksFile = checksOwnership && destination == nil
            let opened =
                try isStandardInput
                ? files.readStandardInput() : files.read(path, checksOwnership: checksFile)
            subject = destination ?? path
            if checksOwnership, destination != nil { try files.checkDirectories(above: subject) }
            let file = SourceFile(
                path: destination ?? (isStandardInput ? "<stdin>" : path), index: paths.count,
                bytes: withoutMark(opened.bytes), isHidden: opened.isHidden)
            if isList { lists.insert(paths.count) }
            paths.append(file.path)
            texts.append(file.bytes)
            guard isText(file) else { return nil }
            return (file, opened.identity)
        } catch {
            let unread = SourceFile(path: destination ?? path, index: paths.count, bytes: []).start
            log.error("\(Printable.quoted(subject)) \(error.message)", at: place ?? unread)
            if place == nil { fault = error.fault }
            return nil
        }
    }

    /// Whether the whole file is valid text; reports the first fault.
    private func isText(_ file: SourceFile) -> Bool {
        guard let fault = TextFault.first(in: file.bytes) else { return true }
        let place = file.place(ofBytes: fault.offset..<(fault.offset + fault.length))
        log.error("\(Printable.quoted(file.path)) \(fault.message)", at: place)
        return false
    }

    private func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}
