internal import System

extension HostFiles {
    /// The files of the host of this process.
    static var this: HostFiles {
        var files = HostFiles(
            read: OutputFile.read, replace: OutputFile.replace, create: OutputFile.createNew, lock: OutputFile.lock)
        files.record = OutputFile.record
        files.createPrivately = OutputFile.createPrivately
        files.rewrite = OutputFile.rewrite
        files.delete = OutputFile.delete
        files.createDirectory = OutputFile.createDirectory(of:)
        return files
    }
}
