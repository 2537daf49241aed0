#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# rules.sh DIR [COUNT]: writes COUNT (300) rules into DIR/rules, and to
# DIR/near.ndjson executions of what they are about, few of which they mean.
#
# The rules are made up, no two alike, of the parts published Linux rules are
# made of: seven in ten on executions, most by name and arguments, some by
# patterns on whole command lines alone; two in ten sequences; the rest on files
# and connections. Nine in ten have wildcards and eight in ten exclusions, which
# is somewhat more than is usual.
set -eu
dir=$1 count=${2:-300}
mkdir -p "$dir/rules"
awk -v dir="$dir" -v count="$count" '
function below(n) {
	seed = seed * 16807 % 2147483647
	return int(seed / 2147483647 * n)
}
function load(name, text) {
	size[name] = split(text, words)
	for (k = 1; k <= size[name]; k++)
		pool[name, k] = words[k]
}
function one(name) { return pool[name, 1 + below(size[name])] }
function word(name) { return "\"" one(name) "\"" }
# n different ones of a pool, in brackets
function some(name, n,    taken, text, w, tries) {
	for (tries = 0; n > 0 && tries < 100; tries++) {
		w = word(name)
		if (w in taken)
			continue
		taken[w] = 1
		text = text (text ? ", " : "") w
		n--
	}
	return "(" text ")"
}
function named(field, name) {
	if (below(5) < 2)
		return field " == " word(name)
	return field " in " some(name, 2 + below(8))
}
# a list of patterns, each made of a word of the pool
function patterns(name, n, form,    text, p) {
	for (; n > 0; n--) {
		p = form
		sub(/@/, one(name), p)
		sub(/@/, one(name), p)
		text = text (text ? ", " : "") "\"" p "\""
	}
	return "(" text ")"
}
function like() {
	return below(8) < 5 ? " like " : below(2) ? " : " : " like~ "
}
function exclusion(    kind) {
	kind = below(8)
	if (kind > 5)
		return ""
	if (kind == 0)
		return " and\n  not process.parent.executable in " \
			some("paths", 2 + below(8))
	if (kind == 1)
		return " and\n  not process.parent.name in " \
			some("services", 2 + below(6))
	if (kind == 2)
		return " and\n  not (process.parent.executable like " \
			patterns("directories", 2 + below(5), "@/*") \
			" or process.parent.args like " \
			patterns("objects", 1 + below(4), "*@*") ")"
	if (kind == 3)
		return " and\n  not process.args like " \
			patterns("objects", 2 + below(4), "*@*")
	if (kind == 4)
		return " and\n  not (process.parent.name == " word("services") \
			" and process.parent.args : " \
			patterns("options", 1 + below(2), "@*") ")"
	return " and\n  not process.parent.command_line like " \
		patterns("paths", 1 + below(4), "@ *")
}
function exec_head() {
	if (below(3))
		return "process where host.os.type == \"linux\" and " \
			"event.type == \"start\" and\n  event.action in " \
			"(\"exec\", \"exec_event\", \"start\", " \
			"\"ProcessRollup2\", \"executed\", " \
			"\"process_started\") and\n  "
	return "process where host.os.type == \"linux\" and " \
		"event.type == \"start\" and event.action == \"exec\" and\n  "
}
function exec_condition(    kind) {
	kind = below(100)
	if (kind < 24)
		return named("process.name", "programs") \
			" and\n  process.args in " some("options", 2 + below(4)) \
			(below(2) ? " and process.args : " \
			patterns("objects", 1 + below(3), "*@*") : "")
	if (kind < 42)
		return named("process.name", "programs") \
			" and\n  process.args" like() \
			patterns("objects", 2 + below(5), "*@*")
	if (kind < 53)
		return named("process.parent.name", "services") " and\n  " \
			named("process.name", "shells") \
			" and process.command_line" like() \
			patterns("objects", 2 + below(5), "*@*")
	if (kind < 61)
		return "process.executable like " \
			patterns("directories", 2 + below(6), "@/*") \
			" and\n  process.parent.name" like() \
			patterns("shells", 2 + below(4), "@*")
	if (kind < 69)
		return "process.command_line" like() \
			patterns("objects", 3 + below(6), "*@*@*")
	if (kind < 76)
		return "(\n  (process.name == " word("programs") \
			" and process.args" like() \
			patterns("objects", 2, "@*") ") or\n  (" \
			named("process.name", "programs") \
			" and process.args == " word("options") ") or\n" \
			"  (process.name like " \
			patterns("shells", 2 + below(3), "@*") \
			" and process.command_line like " \
			patterns("objects", 2, "*@*@*") "))"
	if (kind < 82)
		return "process.name :" patterns("shells", 3 + below(4), "@*") \
			" and process.args : " patterns("options", 1, "@*") \
			" and\n  process.command_line : " \
			patterns("objects", 2 + below(4), "*@*@*")
	if (kind < 87)
		return "process.args like " \
			patterns("directories", 2 + below(4), "@/?*") \
			" and process.args_count >= " 2 + below(3) " and\n  " \
			named("process.parent.name", "services") \
			" and not process.name in " \
			some("programs", 4 + below(6))
	if (kind < 91)
		return "user.id == \"0\" and process.parent.user.id != \"0\"" \
			" and\n  " named("process.name", "programs") \
			" and process.args in " some("options", 2 + below(3))
	if (kind < 95)
		return "process.parent.args like " \
			patterns("objects", 1 + below(4), "*@*") " and\n  (" \
			named("process.name", "shells") \
			" or process.executable like " \
			patterns("directories", 2, "@/*") ")"
	if (kind < 97)
		return "process.command_line regex \".*[0-9a-f]{" \
			20 + below(20) ",}.*\" and " \
			named("process.name", "shells")
	if (kind < 98)
		return "startsWith~(process.name, " word("shells") ") and " \
			"stringContains(process.command_line, " \
			word("objects") ")"
	if (kind < 99)
		return "process.working_directory like " \
			patterns("directories", 2 + below(3), "@*") " and " \
			named("process.name", "programs")
	return "length(process.name) == 1 and process.args" like() \
		patterns("objects", 2, "*@*")
}
function exec() { return exec_head() exec_condition() exclusion() }
function file(    kind) {
	kind = below(3)
	return "file where host.os.type == \"linux\" and " \
		(kind ? "event.action in (\"creation\", \"file_create_event\"" \
		(kind > 1 ? ", \"rename\"" : "") ")" \
		: "event.type == \"change\"") " and\n  file.path like " \
		patterns("directories", 1 + below(6), "@/*") \
		(below(2) ? " and file.extension in (\"sh\", \"py\", \"so\")" \
		: "") " and\n  not (process.name in " \
		some("programs", 3 + below(6)) " or process.executable in " \
		some("paths", 2 + below(8)) \
		" or\n  file.Ext.original.extension == \"dpkg-new\" or " \
		"process.name like " patterns("services", 2, "@*") ")"
}
function network() {
	return "network where host.os.type == \"linux\" and " \
		"event.action == \"connection_attempted\" and\n  (" \
		named("process.name", "programs") " or process.executable like " \
		patterns("directories", 1 + below(4), "@/*") ") and\n  not " \
		"cidrMatch(destination.ip, \"127.0.0.0/8\", \"10.0.0.0/8\", " \
		"\"::1\", \"fe80::/10\")"
}
function sequence(    kind) {
	kind = below(4)
	if (kind == 0)
		return "sequence by process.entity_id with maxspan=" \
			1 + below(30) "s\n [" exec() "]\n [" network() "]"
	if (kind == 1)
		return "sequence by host.id with maxspan=" 1 + below(5) \
			"m\n [" file() "] by file.name\n [" exec() \
			"] by process.name"
	if (kind == 2)
		return "sequence by host.id, process.parent.entity_id with " \
			"maxspan=" 1 + below(10) "s\n [" exec() "]\n [" exec() \
			"]"
	return "sequence by host.id, process.entity_id with maxspan=" \
		1 + below(10) "s\n [" exec() "]\n [" file() "]"
}
function query(    kind) {
	kind = below(100)
	return kind < 61 ? exec() : kind < 81 ? sequence() \
		: kind < 96 ? file() : network()
}
function write_rule(number,    text, path) {
	do
		text = query()
	while (text in seen)
	seen[text] = 1
	path = sprintf("%s/rules/%03d.toml", dir, number)
	printf "[rule]\nrule_id = \"00000000-0000-4000-8000-%012d\"\n" \
		"name = \"Made up %d\"\ntype = \"eql\"\nseverity = \"low\"\n" \
		"risk_score = 21\nindex = [\"logs-endpoint.events.*\"]\n" \
		"query = \047\047\047\n%s\n\047\047\047\n", number, number, \
		text >path
	close(path)
}
function write_event(number, path,    program, parent, args, line, n, w) {
	program = below(3) ? one("programs") : one("shells")
	args = "\"" program "\""
	line = program
	for (n = below(5); n > 0; n--) {
		w = below(2) ? one("options") \
			: one("directories") "/" one("objects")
		args = args ", \"" w "\""
		line = line " " w
	}
	parent = below(2) ? one("shells") : one("services")
	printf "{\"@timestamp\": 18%011d, \"event\": {\"category\": \"process\", " \
		"\"type\": \"start\", \"action\": [\"exec\", \"executed\"]}, " \
		"\"host\": {\"id\": \"h\", \"os\": {\"type\": \"linux\"}}, " \
		"\"user\": {\"id\": \"1000\"}, \"process\": {\"name\": \"%s\", " \
		"\"executable\": \"/usr/bin/%s\", \"args\": [%s], " \
		"\"args_count\": %d, \"command_line\": \"%s\", \"pid\": %d, " \
		"\"entity_id\": \"e%d\", \"working_directory\": \"/home/dev\", " \
		"\"parent\": {\"name\": \"%s\", \"executable\": \"/usr/bin/%s\", " \
		"\"entity_id\": \"p%d\", \"args\": [\"%s\", \"-c\", \"true\"], " \
		"\"command_line\": \"%s -c true\", \"user\": {\"id\": \"1000\"}}}}\n", \
		number * 10, program, program, args, \
		split(args, words, ", "), line, number, number, parent, parent, \
		number % 50, parent, parent >path
}
BEGIN {
	seed = 20240
	load("programs", "curl wget nc ncat netcat socat tar zip gzip base64 " \
		"xxd openssl ssh scp rsync cp mv rm cat tee dd chmod chown " \
		"chattr setfacl mount umount chroot nsenter unshare docker " \
		"kubectl podman crictl ctr runc systemctl service crontab at " \
		"useradd usermod groupadd passwd visudo sudo su pkexec dbus-send " \
		"busctl gdbus insmod modprobe rmmod kmod lsmod sysctl iptables nft " \
		"ufw auditctl journalctl getcap setcap find grep awk sed id " \
		"whoami hostname uname lscpu ps top kill pkill strace gdb perf " \
		"tcpdump tshark nmap hping3 masscan gcc make ld go npm pip gem " \
		"git svn apt dpkg rpm dnf yum flatpak snap xargs env nohup setsid " \
		"screen tmux script ldconfig ldd debugfs losetup mkfifo mknod")
	load("shells", "bash sh dash zsh fish ksh tcsh csh ash busybox " \
		"python perl ruby php node lua java")
	load("services", "sshd nginx apache2 httpd tomcat postgres mysqld " \
		"redis-server cron crond systemd containerd-shim dockerd kubelet " \
		"ansible puppet chef-client salt-minion cloud-init dpkg rpm dnf " \
		"apt-get snapd packagekitd udevd dhclient NetworkManager cupsd " \
		"exim4 postfix gnome-shell Xorg sudo su")
	load("directories", "/tmp /var/tmp /dev/shm /run /var/run /etc/cron.d " \
		"/etc/init.d /etc/systemd/system /etc/profile.d /etc/ld.so.conf.d " \
		"/etc/pam.d /etc/ssh /etc/sudoers.d /etc/udev/rules.d " \
		"/etc/update-motd.d /etc/xdg/autostart /etc/modprobe.d /root/.ssh " \
		"/home/*/.ssh /home/*/.config/autostart /usr/lib/systemd/system " \
		"/usr/local/lib /lib/modules /usr/lib/python3* /var/www /srv/www " \
		"/var/log /proc /sys/fs/bpf /boot /opt /mnt /media /var/spool/cron")
	load("paths", "/usr/bin/dpkg /usr/bin/rpm /usr/bin/dnf /usr/bin/yum " \
		"/usr/bin/apt-get /usr/sbin/crond /usr/sbin/sshd /usr/bin/dockerd " \
		"/usr/bin/podman /usr/bin/containerd /usr/lib/systemd/systemd " \
		"/lib/systemd/systemd /usr/bin/snapd /opt/puppetlabs/bin/puppet " \
		"/usr/bin/ansible /usr/local/bin/kubelet /opt/chef/bin/chef-client " \
		"/usr/bin/make /usr/bin/cmake /usr/bin/git /usr/libexec/platform " \
		"/usr/bin/update-alternatives /usr/sbin/logrotate /usr/bin/pamac")
	load("options", "-c -e -i -l -p -n -u -s -r -f -o -x -d -k -L -R -P -v " \
		"--exec --load --insecure --user --output --upload-file --data " \
		"--post-file --privileged --pid=host +s u+s 4755 777 a+x enable " \
		"disable stop mask start restart exec run attach install " \
		"secret secrets create add delete -la -rf -perm -4000 --checkpoint")
	load("objects", "/dev/tcp/ /dev/udp/ passwd shadow sudoers id_rsa " \
		"authorized_keys known_hosts .bash_history .bashrc .profile " \
		"crontab ld.so.preload docker.sock kubeconfig .aws/credentials " \
		"token secret socket connect subprocess pty.spawn import exec( " \
		"eval base64 b64decode decode -enc /bin/sh /bin/bash http:// " \
		"https:// ftp:// .onion github.com pastebin transfer.sh ngrok " \
		"xmrig stratum+tcp miner payload shell reverse bind beacon " \
		"meterpreter implant stager keylog dump memfd /proc/self/mem " \
		"core_pattern release_agent kptr_restrict randomize_va_space " \
		"selinux apparmor falco auditd rsyslog iptables firewalld ufw " \
		"system.slice .service .timer .rules .so .ko .py .pl .php .jsp " \
		"history unset HISTFILE LD_PRELOAD LD_LIBRARY_PATH nohup setsid " \
		"disown mkfifo 0.0.0.0 127.0.0.1 4444 whoami uname /etc/passwd")
	for (number = 1; number <= count; number++)
		write_rule(number)
	for (number = 1; number <= 1000; number++)
		write_event(number, dir "/near.ndjson")
}'
