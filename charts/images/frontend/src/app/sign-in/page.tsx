import { SignIn } from "@/components/sign-in";

export default function Page() {
  return (
    <main className="door">
      <SignIn />
    </main>
  );
}
