import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { SignOut } from "@/components/sign-out";
import { Workspace } from "@/components/workspace";
import { auth } from "@/lib/auth";

export const dynamic = "force-dynamic";

export default async function Home() {
  const incoming = await headers();
  const session = await auth(incoming).api.getSession({ headers: incoming });
  if (!session) redirect("/sign-in");
  return (
    <>
      <header className="bar">
        <h1>Todo</h1>
        <span className="who">{session.user.name}</span>
        <SignOut />
      </header>
      <Workspace />
    </>
  );
}
