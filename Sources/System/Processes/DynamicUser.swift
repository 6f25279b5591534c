internal import Glibc

/// The users that systemd makes while a unit with `DynamicUser=yes` runs; libnss-systemd, which names them, may be missing.
enum DynamicUser {
    /// The directory in which systemd links each number to its name: `src/core/dynamic-user.c`.
    private static let directory = "/run/systemd/dynamic-uid"
    /// The room for a name, in bytes: `LOGIN_NAME_MAX`.
    private static let room = 256

    /// The name of a user; `nil` if the number is not such a user's.
    static func name(of number: UInt32) -> String? {
        var target = [CChar](repeating: 0, count: room)
        let count = unsafe readlink("\(directory)/direct:\(number)", &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
