internal import Kernel
internal import System

extension HostFiles {
    /// The files of the host that the process runs on.
    static var this: HostFiles {
        HostFiles(
            read: { path throws(StoreError) in
                do throws(KernelError) { return try OutputFile.read(path) } catch { throw StoreError(error) }
            },
            replace: { path, text throws(StoreError) in
                do throws(KernelError) { try OutputFile.replace(path, with: text) } catch { throw StoreError(error) }
            },
            create: { path, text throws(StoreError) in
                do throws(KernelError) { return try OutputFile.createNew(path, with: text) } catch {
                    throw StoreError(error)
                }
            },
            lock: { path throws(StoreError) in
                do throws(KernelError) { return try OutputFile.lock(path) } catch { throw StoreError(error) }
            })
    }
}
