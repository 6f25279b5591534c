internal import System

extension HostFiles {
    /// The files of the host of this process.
    static var this: HostFiles {
        HostFiles(
            read: OutputFile.read, replace: OutputFile.replace, create: OutputFile.createNew, lock: OutputFile.lock)
    }
}
