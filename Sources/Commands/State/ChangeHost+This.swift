internal import Glibc
internal import Kernel
internal import System

extension ChangeHost {
    /// The host that the process runs on.
    static var this: ChangeHost {
        ChangeHost(
            location: { .current }, identity: { .current }, author: { .current }, uptime: { Uptime.milliseconds },
            arm: { directory throws(StoreError) in
                do throws(KernelError) { _ = try UndoProcess.start(in: directory) } catch { throw StoreError(error) }
            },
            announce: Announcement.make)
    }
}
