internal import Kernel
internal import System

extension ChangeHost {
    /// The host of this process.
    public static var this: ChangeHost {
        ChangeHost(
            location: { .current }, identity: { .current }, author: { .current }, uptime: { Uptime.milliseconds },
            arm: { directory throws(KernelError) in _ = try UndoProcess.start(in: directory) },
            announce: Announcement.make)
    }
}
