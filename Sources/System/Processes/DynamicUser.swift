/// The users that systemd makes while a unit with `DynamicUser=yes` runs; libnss-systemd, which names them, may be missing.
enum DynamicUser {
    /// The directory in which systemd links each number to its name: `src/core/dynamic-user.c`.
    private static let directory = "/run/systemd/dynamic-uid"

    /// The name of a user; `nil` if the number is not such a user's.
    static func name(of number: UInt32) -> String? { FileSystem.linkTarget("\(directory)/direct:\(number)") }
}
