internal import Glibc
internal import Policies

/// Rejects files that users other than root and the caller can write, as sudo and sshd do.
enum FileOwnership {
    /// Checks the open file, each directory above it, and the way that the path takes to it.
    static func check(_ status: stat, path: String, _ file: borrowing File) throws(FileRefusal) {
        let list: AccessControlList?
        do throws(SystemError) { list = try AccessControlList.read(file) } catch { throw unreadable(path, error) }
        let escape = "use --allow-insecure-permissions"
        try check(status, list, path: path, .file, or: escape)
        // An open file has a path without symbolic links, unless it was deleted.
        if let resolved = FileSystem.resolvedPath("/proc/self/fd/\(file.descriptor)"), resolved != path {
            try checkWay(to: resolved, or: escape)
        }
        try checkWay(to: path, or: escape)
    }

    /// Checks the directories above a path at which a file is to stand; one that is not there yet has no owner.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - escape: what to do instead of the repair.
    /// - Throws: the directory, its writers, and the repair.
    static func checkDirectories(
        above path: String, or escape: String = "use --allow-insecure-permissions"
    ) throws(FileRefusal) { try checkWay(to: path, or: escape) }

    /// The most symbolic links on the way to a file, path_resolution(7).
    private static let mostLinks = 40

    /// Checks every directory in which a name of the path is looked up, and every symbolic link, whose owner could lead it
    /// elsewhere; ends at a name that does not exist.
    private static func checkWay(to path: String, or escape: String) throws(FileRefusal) {
        var rest = names(path)
        var place = "/"
        var known: stat?
        if !path.hasPrefix("/") { rest = names(FileSystem.resolvedPath(".") ?? "/") + rest }
        var links = 0
        while let name = rest.popFirst() {
            try checkDirectory(place, known, or: escape)
            known = nil
            if name == ".." {
                place = place.lastIndex(of: "/").map { $0 == place.startIndex ? "/" : String(place[..<$0]) } ?? "/"
                continue
            }
            let next = place == "/" ? "/\(name)" : "\(place)/\(name)"
            guard let status = try? FileSystem.status(next, followsLink: false) else { return }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                (place, known) = (next, status)
                continue
            }
            links += 1
            guard links <= mostLinks, let target = FileSystem.linkTarget(next) else { return }
            try check(status, nil, path: next, .link, or: escape)
            if target.hasPrefix("/") { place = "/" }
            rest = names(target) + rest
        }
    }

    private static func names(_ path: String) -> ArraySlice<Substring> {
        path.split(separator: "/").filter { $0 != "." }[...]
    }

    /// Checks a directory, whose status may be known.
    private static func checkDirectory(_ path: String, _ known: stat?, or escape: String) throws(FileRefusal) {
        let status: stat
        let list: AccessControlList?
        do throws(SystemError) {
            if let known { status = known } else { status = try FileSystem.status(path, followsLink: false) }
            list = try AccessControlList.read(path)
        } catch { throw unreadable(path, error) }
        try check(status, list, path: path, .directory, or: escape)
    }

    private static func unreadable(_ path: String, _ error: SystemError) -> FileRefusal {
        let answer = HostCalls.text(ofError: error.code)
        return FileRefusal(message: "cannot be trusted: cannot read who can write \"\(path)\": \(answer)")
    }

    /// The part of a path.
    private enum Part {
        case file
        case directory
        case link
    }

    private static func check(
        _ status: stat, _ list: AccessControlList?, path: String, _ part: Part, or escape: String
    ) throws(FileRefusal) {
        var faults: [String] = []
        var repairs: [String] = []
        if status.st_uid != 0, status.st_uid != geteuid() {
            faults.append("owned by user \(status.st_uid)")
            repairs.append("chown \(part == .link ? "-h " : "")root: \(path)")
        }
        // The mode of a link means nothing. In a sticky directory such as /tmp, users cannot replace the files of others.
        let isProtected = part == .link || part == .directory && status.st_mode & S_ISVTX != 0
        if !isProtected, let writer = writer(status, list) {
            faults.append("writable by \(writer)")
            repairs.append(list == nil ? "chmod go-w \(path)" : "setfacl -b \(path); chmod go-w \(path)")
        }
        guard !faults.isEmpty else { return }
        let subject =
            switch part {
            case .file: "is"
            case .directory: "is in directory \"\(path)\", which is"
            case .link: "is reached by the symbolic link \"\(path)\", which is"
            }
        let advice = "run `\(repairs.joined(separator: "; "))` or \(escape)"
        throw FileRefusal(message: "\(subject) \(faults.joined(separator: " and ")); \(advice)")
    }

    /// A user or group beside the owner and root that can write; `nil` for none.
    private static func writer(_ status: stat, _ list: AccessControlList?) -> String? {
        if let list { return list.writer(beside: geteuid(), group: status.st_gid) }
        if status.st_mode & S_IWOTH != 0 { return "everyone" }
        return status.st_mode & S_IWGRP != 0 && status.st_gid != 0 ? "group \(status.st_gid)" : nil
    }
}
