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
        _ path: String, namedAt place: SourceSpan?, as destination: String? = nil
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
            keep(file)
            guard isText(file, log) else { return nil }
            return (file, opened.identity)
        } catch {
            let unread = SourceFile(path: destination ?? path, index: paths.count, bytes: []).start
            log.error("\(Printable.quoted(subject)) \(error.message)", at: place ?? unread)
            if place == nil { fault = error.fault }
            return nil
        }
    }

    /// The list at `path`, which becomes a file of the policy by `keep(list:)`; `nil` after an error, which goes to `log`.
    func list(_ path: String, namedAt place: SourceSpan, _ log: DiagnosticLog) -> SourceFile? {
        do throws(FileRefusal) {
            let opened = try files.read(path, checksOwnership: checksOwnership)
            let file = SourceFile(
                path: path, index: paths.count, bytes: withoutMark(opened.bytes), isHidden: opened.isHidden)
            return isText(file, log) ? file : nil
        } catch {
            log.error("\(Printable.quoted(path)) \(error.message)", at: place)
            return nil
        }
    }

    /// The list at `path` as it was when the policy was applied last; `nil` if that is not known.
    func lastList(_ path: String) -> SourceFile? {
        files.lastList(path).map { SourceFile(path: path, index: paths.count, bytes: $0, isHidden: true) }
    }

    /// Makes a list a file of the policy.
    func keep(list file: SourceFile) {
        lists.insert(paths.count)
        keep(file)
    }

    private func keep(_ file: SourceFile) {
        paths.append(file.path)
        texts.append(file.bytes)
    }

    /// Whether the whole file is valid text; reports the first fault.
    private func isText(_ file: SourceFile, _ log: DiagnosticLog) -> Bool {
        guard let fault = TextFault.first(in: file.bytes) else { return true }
        let place = file.place(ofBytes: fault.offset..<(fault.offset + fault.length))
        log.error("\(Printable.quoted(file.path)) \(fault.message)", at: place)
        return false
    }

    private func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}
